// simulation/checker.h — what was published, what each client was shown, and whether that is right.
//
// For events of class `must`: each that was accepted is shown once to each member of its rooms,
// under each of its names; and the members of a room see its events in one order, that in which
// they were published. For `latest` ones: whoever looks at the end sees the newest of each key.
// A client is a member from the moment that it is in all its rooms. It stays one whatever happens
// to its connection and to the node: it has to begin anew only if the node went down before
// anything said that its being a member was on disk, as an accepted event does that came later.
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
  explicit Checker(std::size_t clients) : seen_(clients), members_(clients), values_(clients) {}

  void published(std::uint32_t event, const std::vector<std::string>& rooms, bool has_alias);
  void accepted(std::uint32_t event);
  /// Published again for want of an answer: its place among the others is not known any more.
  void repeated(std::uint32_t event) { repeated_.insert(event); }
  /// It is in all its rooms; it came back and was told that it has lost nothing; it was told that
  /// it has.
  void is_whole(std::size_t client);
  void recovered(std::size_t client);
  void began_anew(std::size_t client);
  /// The node went down, and these clients may have to begin anew whatever was on disk.
  void crashed(const std::vector<bool>& excused);
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

  struct Member {
    bool is_whole = false;
    std::uint32_t since = 0;  // events after this one are owed to it
    std::uint32_t life = 0;   // of the node, in which it last was told that it is one
    bool is_on_disk = false;
    bool may_begin_anew = false;
  };

  [[nodiscard]] bool is_for(const Event& event, const std::vector<std::string>& rooms) const;
  [[nodiscard]] std::optional<std::string> disorder(const std::string& room,
                                                    const std::vector<std::uint32_t>& order) const;

  std::map<std::uint32_t, Event> events_;
  std::set<std::uint32_t> accepted_;
  std::set<std::uint32_t> repeated_;
  std::vector<Shown> seen_;
  std::vector<Member> members_;
  std::uint32_t last_event_ = 0;
  std::uint32_t life_ = 1;
  std::vector<std::map<std::string, std::uint32_t>> values_;
  std::map<std::string, std::uint32_t> newest_;
  std::optional<std::string> fault_;
};

}  // namespace outcry::simulation
