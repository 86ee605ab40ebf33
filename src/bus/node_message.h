// bus/node_message.h — what Node's Socket.IO emitters and adapters put on Redis.
//
//   classic    PUBLISH  <prefix>#<nsp>#[<room>#]      msgpack [uid, packet, opts]
//              PUBLISH  <prefix>-request#<nsp>#       JSON or msgpack {type: 2 join, 3 leave, 4
//              disconnect}
//   sharded    SPUBLISH <prefix>#<nsp>#[<room>#]      JSON or msgpack {type: 3 … 6, data, uid, nsp}
//   streams    XADD     entry {uid, nsp, type, data}  data: JSON, or base64 of msgpack
//
// The gateway listens as a passive peer: it applies what needs no answer and answers nothing,
// because Node servers count who may answer. So broadcasts that want acknowledgements, fetches and
// server-side emits are "nothing for us". The channel is a hint; `opts` decides who gets a message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value_tree.h"
#include "bus/field.h"
#include "bus/publication.h"
#include "protocol/msgpack/msgpack_decoder.h"

namespace outcry::bus {

struct NodeMessageOptions {
  /// The adapters' option `key` or `channelPrefix`.
  std::string prefix = "socket.io";
  /// Broadcasts with this uid are our own and are skipped. Empty: none.
  std::string own_uid;
  /// Also bounds JSON: `bytes_max` its text, `depth_max` its nesting.
  ValueLimits limits;
};

/// The fields of one entry of the streams adapter, as XREAD gives them.
struct StreamEntry {
  std::string_view uid;
  std::string_view namespace_name;
  std::string_view type;
  std::string_view data;
};

class NodeMessageDecoder {
 public:
  explicit NodeMessageDecoder(NodeMessageOptions options = {});

  /// Decodes one message published on `channel`; keeps no reference to either.
  /// nullopt: another channel, wants an answer, another namespace than the channel's, our own.
  /// Errors: each of MessageError but wrong_method, and the codecs' own.
  [[nodiscard]] Result<std::optional<Message>> decode(std::string_view channel,
                                                      std::string_view payload);

  /// Decodes one entry of a stream. nullopt and errors as above.
  [[nodiscard]] Result<std::optional<Message>> decode_stream_entry(const StreamEntry& entry);

 private:
  /// Reads `text` as JSON if it starts so, else as msgpack.
  Result<Field> parse(std::string_view text);

  NodeMessageOptions options_;
  msgpack::MsgpackDecoder msgpack_;
};

}  // namespace outcry::bus
