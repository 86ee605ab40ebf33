// config/key_tables.h — the parts of the table of keys that have files of their own.
#pragma once

#include <span>

#include "config/keys.h"

namespace outcry::config {

/// A ConfigKey's way to its member.
template <auto Section, auto Field>
auto& member(Config& config) {
  return config.*Section.*Field;
}

/// Marks a key whose new value a running gateway takes.
constexpr ConfigKey reloadable(ConfigKey key) {
  key.reloadable = true;
  return key;
}

/// [auth]
[[nodiscard]] std::span<const ConfigKey> auth_keys();
/// [limits]
[[nodiscard]] std::span<const ConfigKey> limits_keys();
/// [store], [rooms], [policy_grant] and [policy_http]
[[nodiscard]] std::span<const ConfigKey> room_keys();
/// [eventlog]
[[nodiscard]] std::span<const ConfigKey> eventlog_keys();
/// [audit]
[[nodiscard]] std::span<const ConfigKey> audit_keys();
/// [recovery]
[[nodiscard]] std::span<const ConfigKey> recovery_keys();

}  // namespace outcry::config
