#include "gateway/room_question.h"

namespace outcry::gateway {
namespace {

/// As rooms::Room::key() has it.
std::string room_key(NamespaceId namespace_id, std::string_view room) {
  std::string key(1, static_cast<char>(namespace_id));
  return key.append(room);
}

}  // namespace

std::optional<store::AccessQuestion> question_for(const auth::RoomMatch& match,
                                                  NamespaceId namespace_id, std::string_view room,
                                                  std::string_view user) {
  using store::Policy;
  switch (match.access) {
    case auth::RoomAccess::owner:
      return store::AccessQuestion{Policy::owner, std::string(match.object_id), std::string(user)};
    case auth::RoomAccess::http:
      return store::AccessQuestion{Policy::http, room_key(namespace_id, room), std::string(user)};
    case auth::RoomAccess::http_open:
      return store::AccessQuestion{Policy::http_open, room_key(namespace_id, room),
                                   std::string(user)};
    case auth::RoomAccess::grant:
    case auth::RoomAccess::user:
    case auth::RoomAccess::everyone:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace outcry::gateway
