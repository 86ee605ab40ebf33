// base/value_tree.h — a decoded foreign document (pickle, msgpack) on its way to JSON.
//
//   nodes   [0 object] [1 string "a"] [2 array] [3 int 7] …        16 bytes of payload each
//   links    0 -> (1: 2)      2 -> (-, 3) -> (-, 3)                 a container's chain of items
//
// Nodes and links lie in two vectors that are cleared, not freed: a decoder that is used again
// allocates nothing. Links are apart from nodes because a pickle may name one object many times;
// such a document is small in memory and large when written, so measure() counts what would be
// written, finds cycles and bounds the depth before anything walks it.
//
// Text and bytes are views of the decoder's input: the tree must not outlive it.
// Thread: its owner's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/result.h"

namespace outcry {

enum class ValueError : std::uint8_t { none, cyclic, too_deep, too_many_nodes, too_many_bytes };
[[nodiscard]] std::error_code make_error_code(ValueError error);

enum class ValueKind : std::uint8_t {
  null,
  boolean,
  int64,
  uint64,  // only values beyond int64
  bigint,  // decimal text
  real,
  string,  // bytes that should be UTF-8; writing mends them
  bytes,
  array,
  object,
};

/// What one document may cost, shared parts counted as often as they occur.
struct ValueLimits {
  std::size_t nodes_max = 250'000;
  std::size_t bytes_max = std::size_t{8} << 20;  // of text, bytes and big integers
  unsigned depth_max = 64;                       // containers within each other
};

class ValueTree {
 public:
  class Value;
  class Items;
  using Index = std::uint32_t;

  // ---- Building: each add_… makes a node that belongs to no container yet ----

  Index add_null();
  Index add_boolean(bool value);
  Index add_int64(std::int64_t value);
  Index add_uint64(std::uint64_t value);
  Index add_real(double value);
  /// `text` is borrowed.
  Index add_string(std::string_view text);
  /// `text` is copied into the tree.
  Index add_owned_string(std::string_view text);
  /// `decimal` (digits, perhaps with a minus sign) is copied into the tree.
  Index add_bigint(std::string_view decimal);
  /// `bytes` are borrowed.
  Index add_bytes(std::string_view bytes);
  /// `is_tuple` marks Python's tuple, which differs from a list where arguments are meant.
  Index add_array(bool is_tuple = false);
  Index add_object();

  void append(Index array, Index value);
  void insert(Index object, Index key, Index value);

  /// Forgets the document and keeps the memory.
  void clear() noexcept;
  /// Made so far, reachable or not: what the document costs in memory.
  [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::size_t link_count() const noexcept { return links_.size(); }

  /// Checks what is reachable from `root`. Linear in nodes and links, whatever it expands to.
  /// Errors: each of ValueError. Until it has passed, nothing else may walk the document.
  [[nodiscard]] std::error_code measure(Index root, const ValueLimits& limits);

  /// A handle, valid until the tree is changed.
  [[nodiscard]] Value at(Index index) const noexcept;

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  struct Node {
    ValueKind kind = ValueKind::null;
    bool flag = false;            // boolean: the value; array: is_tuple; string: owned by text_
    std::uint32_t size = 0;       // of text or bytes; containers: number of links
    std::uint32_t first = kNone;  // containers: chain of links; owned text: offset in text_
    std::uint32_t last = kNone;   // containers
    union {
      std::int64_t integer;
      std::uint64_t natural;
      double real;
      const char* data;
    };
  };
  struct Link {
    Index key = kNone;
    Index value = kNone;
    std::uint32_t next = kNone;
  };
  // What a node costs when written; height 0 means not measured yet.
  struct Measure {
    std::uint64_t nodes = 0;
    std::uint64_t bytes = 0;
    std::uint32_t height = 0;
    bool entered = false;
  };

  Node& add(ValueKind kind);
  Index last_index() const noexcept;
  Index add_owned(ValueKind kind, std::string_view text);
  void link(Index container, Link link);
  ValueError measure_node(Index index, unsigned depth_left, const ValueLimits& limits);

  std::vector<Node> nodes_;
  std::vector<Link> links_;
  std::vector<Measure> measures_;
  std::string text_;
};

/// One value of a tree: cheap to copy, valid until the tree is changed.
class ValueTree::Value {
 public:
  Value(const ValueTree& tree, Index index) noexcept : tree_(&tree), index_(index) {}

  [[nodiscard]] ValueKind kind() const noexcept { return node().kind; }
  [[nodiscard]] bool is(ValueKind kind) const noexcept { return node().kind == kind; }
  [[nodiscard]] bool is_tuple() const noexcept { return is(ValueKind::array) && node().flag; }

  /// True only for the boolean true.
  [[nodiscard]] bool is_true() const noexcept { return is(ValueKind::boolean) && node().flag; }
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  /// Raw text or bytes of string, bytes and bigint; empty for other kinds.
  [[nodiscard]] std::string_view text() const noexcept;
  /// The text as UTF-8: what isn't becomes U+FFFD.
  [[nodiscard]] std::string utf8() const;

  /// Items of an array or object, in order; none for other kinds.
  [[nodiscard]] Items items() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  /// Value of the string key `name`, the last one if there are several.
  [[nodiscard]] std::optional<Value> find(std::string_view name) const noexcept;

  /// Appends the value as JSON. Bytes become {"_placeholder":true,"num":N} and are appended to
  /// `attachments`, N being their position there, depth first. NaN and infinities become null;
  /// a real is written with the fewest digits that read back the same; keys that are no strings
  /// are written as Python's json module writes them (null, false, 1, 1.5).
  void append_json(std::string& out, std::vector<std::string>& attachments) const;

 private:
  friend class ValueTree;
  [[nodiscard]] const Node& node() const noexcept { return tree_->nodes_[index_]; }
  void append_key(std::string& out) const;

  const ValueTree* tree_;
  Index index_;
};

/// Range over the items of a container: `for (const auto item : value.items())`.
class ValueTree::Items {
 public:
  struct Item {
    std::optional<Value> key;  // only in objects
    Value value;
  };
  class Iterator {
   public:
    Iterator(const ValueTree& tree, std::uint32_t link) noexcept : tree_(&tree), link_(link) {}
    [[nodiscard]] Item operator*() const noexcept;
    Iterator& operator++() noexcept;
    bool operator==(const Iterator& other) const noexcept { return link_ == other.link_; }

   private:
    const ValueTree* tree_;
    std::uint32_t link_;
  };

  Items(const ValueTree& tree, std::uint32_t first) noexcept : tree_(&tree), first_(first) {}
  [[nodiscard]] Iterator begin() const noexcept { return {*tree_, first_}; }
  [[nodiscard]] Iterator end() const noexcept { return {*tree_, kNone}; }

 private:
  const ValueTree* tree_;
  std::uint32_t first_;
};

}  // namespace outcry

template <>
struct std::is_error_code_enum<outcry::ValueError> : std::true_type {};
