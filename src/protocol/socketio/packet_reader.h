// protocol/socketio/packet_reader.h — joins a binary packet's text with its attachments.
//
//   text(packet)          -> a packet, at once, when it has no attachments
//   text(51-…) binary(a)  -> the packet, with one attachment
//
// Between a header and its last attachment nothing else may come (the packet is one unit).
// Idle it holds one null pointer: memory exists only while attachments are awaited.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/socketio/packet.h"

namespace outcry::socketio {

class PacketReader {
 public:
  /// Takes the text of a packet. Returns it, or nullopt while attachments are missing. Its views
  /// are valid until the next call. After an error the reader is not to be used again.
  [[nodiscard]] Result<std::optional<Packet>> text(std::string_view text,
                                                   const PacketLimits& limits);
  /// Takes an attachment; returns the packet once it is complete.
  [[nodiscard]] Result<std::optional<Packet>> binary(Bytes attachment, const PacketLimits& limits);

 private:
  struct Awaiting {
    std::string text;
    Packet packet;
    std::vector<std::string> attachments;
    std::size_t bytes = 0;
    bool complete = false;
  };
  std::unique_ptr<Awaiting> awaiting_;
};

}  // namespace outcry::socketio
