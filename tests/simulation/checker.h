// simulation/checker.h — what was published, what each client was shown, and whether that is right.
//
// For events of class `must`: each that was accepted is shown once to each member of its rooms,
// under each of its names; and the members of a room see its events in one order, that in which
// they were published. For `latest` ones: whoever looks at the end sees the newest of each key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace outcry::simulation {

class Checker {
 public:
  explicit Checker(std::size_t clients) : seen_(clients), values_(clients) {}

  void published(std::uint32_t event, const std::vector<std::string>& rooms, bool has_alias);
  void accepted(std::uint32_t event) { accepted_.insert(event); }
  /// Published again for want of an answer: its place among the others is not known any more.
  void repeated(std::uint32_t event) { repeated_.insert(event); }
  void shown(std::size_t client, std::uint32_t event, bool under_alias);
  void shown_value(std::size_t client, const std::string& key, std::uint32_t version) {
    values_[client][key] = version;
  }
  void newest_value(const std::string& key, std::uint32_t version) { newest_[key] = version; }
  void failed(std::string what) {
    if (!fault_) fault_ = std::move(what);
  }

  /// What is wrong, in words; nullopt if nothing is. `rooms`: of each client. Asked at the end,
  /// when everything has arrived; during a run, what can be said already.
  [[nodiscard]] std::optional<std::string> fault() const { return fault_; }
  [[nodiscard]] std::optional<std::string> verdict(
      const std::vector<std::vector<std::string>>& rooms) const;

 private:
  struct Event {
    std::vector<std::string> rooms;
    bool has_alias = false;
  };
  struct Shown {
    std::vector<std::uint32_t> order;  // under their own names
    std::set<std::uint32_t> own;
    std::set<std::uint32_t> alias;
  };

  [[nodiscard]] bool is_for(const Event& event, const std::vector<std::string>& rooms) const;
  [[nodiscard]] std::optional<std::string> disorder(const std::string& room,
                                                    const std::vector<std::uint32_t>& order) const;

  std::map<std::uint32_t, Event> events_;
  std::set<std::uint32_t> accepted_;
  std::set<std::uint32_t> repeated_;
  std::vector<Shown> seen_;
  std::vector<std::map<std::string, std::uint32_t>> values_;
  std::map<std::string, std::uint32_t> newest_;
  std::optional<std::string> fault_;
};

}  // namespace outcry::simulation
