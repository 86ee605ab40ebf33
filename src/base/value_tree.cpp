#include "base/value_tree.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error_enum.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace outcry {
namespace {

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// Fewest digits that read back the same, in positional form where people (and Python and
// JavaScript) would write it so.
void append_real(std::string& out, double value) {
  const double magnitude = std::fabs(value);
  const bool positional = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  std::array<char, 64> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value,
                    positional ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  out.append(digits.data(), end);
}

bool is_integral(double value) {
  return std::fabs(value) < 1e16 && std::trunc(value) == value;
}

}  // namespace

std::error_code make_error_code(ValueError error) {
  static constexpr std::array<std::string_view, 5> kNames{"no error", "a container contains itself",
                                                          "nested too deeply", "too many values",
                                                          "too much text"};
  static const TableCategory category("value", kNames);
  return {static_cast<int>(error), category};
}

// ---- Building ----

ValueTree::Node& ValueTree::add(ValueKind kind) {
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  return node;
}

ValueTree::Index ValueTree::last_index() const noexcept {
  return static_cast<Index>(nodes_.size() - 1);
}

ValueTree::Index ValueTree::add_null() {
  add(ValueKind::null);
  return last_index();
}

ValueTree::Index ValueTree::add_boolean(bool value) {
  add(ValueKind::boolean).flag = value;
  return last_index();
}

ValueTree::Index ValueTree::add_int64(std::int64_t value) {
  add(ValueKind::int64).integer = value;
  return last_index();
}

ValueTree::Index ValueTree::add_uint64(std::uint64_t value) {
  if (std::in_range<std::int64_t>(value)) return add_int64(static_cast<std::int64_t>(value));
  add(ValueKind::uint64).natural = value;
  return last_index();
}

ValueTree::Index ValueTree::add_real(double value) {
  add(ValueKind::real).real = value;
  return last_index();
}

ValueTree::Index ValueTree::add_string(std::string_view text) {
  Node& node = add(ValueKind::string);
  node.data = text.data();
  node.size = static_cast<std::uint32_t>(text.size());
  return last_index();
}

ValueTree::Index ValueTree::add_bytes(std::string_view bytes) {
  const Index index = add_string(bytes);
  nodes_.back().kind = ValueKind::bytes;
  return index;
}

ValueTree::Index ValueTree::add_owned(ValueKind kind, std::string_view text) {
  Node& node = add(kind);
  node.flag = true;
  node.first = static_cast<std::uint32_t>(text_.size());
  node.size = static_cast<std::uint32_t>(text.size());
  text_ += text;
  return last_index();
}

ValueTree::Index ValueTree::add_owned_string(std::string_view text) {
  return add_owned(ValueKind::string, text);
}

ValueTree::Index ValueTree::add_bigint(std::string_view decimal) {
  return add_owned(ValueKind::bigint, decimal);
}

ValueTree::Index ValueTree::add_array(bool is_tuple) {
  add(ValueKind::array).flag = is_tuple;
  return last_index();
}

ValueTree::Index ValueTree::add_object() {
  add(ValueKind::object);
  return last_index();
}

void ValueTree::append(Index array, Index value) {
  link(array, Link{kNone, value, kNone});
}

void ValueTree::insert(Index object, Index key, Index value) {
  link(object, Link{key, value, kNone});
}

void ValueTree::link(Index container, Link link) {
  const auto position = static_cast<std::uint32_t>(links_.size());
  links_.push_back(link);
  Node& node = nodes_[container];
  if (node.first == kNone) {
    node.first = position;
  } else {
    links_[node.last].next = position;
  }
  node.last = position;
  ++node.size;
}

void ValueTree::clear() noexcept {
  nodes_.clear();
  links_.clear();
  text_.clear();
}

// ---- Measuring ----

std::error_code ValueTree::measure(Index root, const ValueLimits& limits) {
  measures_.assign(nodes_.size(), Measure{});
  const ValueError error = measure_node(root, limits.depth_max, limits);
  return error == ValueError::none ? std::error_code() : make_error_code(error);
}

// Depth first, each node once: a shared node's cost is added again, not computed again. Sums stay
// far below 2^64, since a child's share is at most the limit and a step is refused beyond it.
ValueError ValueTree::measure_node(Index index, unsigned depth_left, const ValueLimits& limits) {
  Measure& own = measures_[index];
  if (own.entered) return ValueError::cyclic;
  const Node& node = nodes_[index];
  const bool is_container = node.kind == ValueKind::array || node.kind == ValueKind::object;
  if (own.height == 0) {
    own.nodes = 1;
    own.bytes = is_container ? 0 : node.size;
    own.height = is_container ? 2 : 1;  // 1 more than the number of containers within each other
    if (is_container && depth_left == 0) return ValueError::too_deep;
    own.entered = true;
    for (std::uint32_t at = is_container ? node.first : kNone; at != kNone; at = links_[at].next) {
      for (const Index child : {links_[at].key, links_[at].value}) {
        if (child == kNone) continue;
        const ValueError error = measure_node(child, depth_left - 1, limits);
        if (error != ValueError::none) return error;
        const Measure& its = measures_[child];
        own.nodes += its.nodes;
        own.bytes += its.bytes;
        own.height = std::max(own.height, its.height + 1);
        if (own.nodes > limits.nodes_max) return ValueError::too_many_nodes;
        if (own.bytes > limits.bytes_max) return ValueError::too_many_bytes;
      }
    }
    own.entered = false;
  }
  if (own.height - 1 > depth_left) return ValueError::too_deep;
  if (own.nodes > limits.nodes_max) return ValueError::too_many_nodes;
  return own.bytes > limits.bytes_max ? ValueError::too_many_bytes : ValueError::none;
}

// ---- Reading ----

ValueTree::Value ValueTree::at(Index index) const noexcept {
  return {*this, index};
}

std::optional<std::int64_t> ValueTree::Value::integer() const noexcept {
  if (!is(ValueKind::int64)) return std::nullopt;
  return node().integer;
}

std::string_view ValueTree::Value::text() const noexcept {
  const Node& n = node();
  switch (n.kind) {
    case ValueKind::string:
    case ValueKind::bytes:
    case ValueKind::bigint:
      if (n.flag) return std::string_view(tree_->text_).substr(n.first, n.size);
      return {n.data, n.size};
    default:
      return {};
  }
}

std::string ValueTree::Value::utf8() const {
  const std::string_view raw = text();
  if (utf8_valid(raw)) return std::string(raw);
  std::string quoted;
  json::append_quoted(quoted, raw);
  return json::unescape(quoted).value_or(std::string());
}

std::size_t ValueTree::Value::size() const noexcept {
  const Node& n = node();
  return n.kind == ValueKind::array || n.kind == ValueKind::object ? n.size : 0;
}

ValueTree::Items ValueTree::Value::items() const noexcept {
  return {*tree_, size() > 0 ? node().first : kNone};
}

std::optional<ValueTree::Value> ValueTree::Value::find(std::string_view name) const noexcept {
  std::optional<Value> found;
  for (const auto item : items()) {
    if (item.key && item.key->is(ValueKind::string) && item.key->text() == name) {
      found = item.value;
    }
  }
  return found;
}

ValueTree::Items::Item ValueTree::Items::Iterator::operator*() const noexcept {
  const Link& link = tree_->links_[link_];
  Item item{std::nullopt, tree_->at(link.value)};
  if (link.key != kNone) item.key = tree_->at(link.key);
  return item;
}

ValueTree::Items::Iterator& ValueTree::Items::Iterator::operator++() noexcept {
  link_ = tree_->links_[link_].next;
  return *this;
}

// ---- Writing ----

void ValueTree::Value::append_json(std::string& out, std::vector<std::string>& attachments) const {
  const Node& n = node();
  switch (n.kind) {
    case ValueKind::null:
      out += "null";
      break;
    case ValueKind::boolean:
      out += n.flag ? "true" : "false";
      break;
    case ValueKind::int64:
      append_integer(out, n.integer);
      break;
    case ValueKind::uint64:
      append_integer(out, n.natural);
      break;
    case ValueKind::bigint:
      out += text();
      break;
    case ValueKind::string:
      json::append_quoted(out, text());
      break;
    case ValueKind::real:
      if (!std::isfinite(n.real)) {
        out += "null";
      } else {
        append_real(out, n.real);
        if (n.real == 0 && std::signbit(n.real)) out += ".0";  // -0 reads back as an integer
      }
      break;
    case ValueKind::bytes:
      out += "{\"_placeholder\":true,\"num\":";
      append_integer(out, attachments.size());
      out += '}';
      attachments.emplace_back(text());
      break;
    case ValueKind::array:
    case ValueKind::object: {
      const bool is_object = n.kind == ValueKind::object;
      char before = is_object ? '{' : '[';
      for (const auto item : items()) {
        out += before;
        before = ',';
        if (item.key) {
          item.key->append_key(out);
          out += ':';
        }
        item.value.append_json(out, attachments);
      }
      if (size() == 0) out += before;
      out += is_object ? '}' : ']';
      break;
    }
  }
}

void ValueTree::Value::append_key(std::string& out) const {
  if (is(ValueKind::string)) return json::append_quoted(out, text());
  out += '"';
  if (!is(ValueKind::real)) {
    std::vector<std::string> none;  // decoders refuse keys of bytes
    append_json(out, none);
  } else if (std::isnan(node().real)) {
    out += "NaN";
  } else if (std::isinf(node().real)) {
    out += node().real < 0 ? "-Infinity" : "Infinity";
  } else {
    append_real(out, node().real);
    if (is_integral(node().real)) out += ".0";
  }
  out += '"';
}

}  // namespace outcry
