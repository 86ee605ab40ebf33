// bus/message_check_for_fuzz.h — what must hold of any message that a decoder lets through.
#pragma once

#include <cstdlib>
#include <string>
#include <variant>

#include "base/json_text.h"
#include "base/utf8.h"
#include "bus/field.h"
#include "bus/publication.h"

namespace outcry::bus {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline void check_audience(const Audience& audience) {
  require(!audience.everyone || audience.rooms.empty());
  for (const std::string& room : audience.rooms) require(utf8_valid(room));
  for (const std::string& room : audience.except) require(utf8_valid(room));
}

/// Aborts if a client could be sent text that isn't UTF-8 or JSON, or a placeholder for nothing.
inline void check_message(const Message& message) {
  std::visit([](const auto& any) { check_audience(any.audience); }, message);
  const auto* publication = std::get_if<Publication>(&message);
  if (publication == nullptr) return;
  require(utf8_valid(publication->event));
  require(json::validate("[" + publication->arguments + "]").has_value());
  if (!publication->attachments.empty()) {
    require(placeholders_fit(publication->arguments, publication->attachments.size()));
  }
}

}  // namespace outcry::bus
