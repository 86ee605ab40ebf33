// eventlog/simulated_disk.h — a disk in memory, for tests: what wasn't synced may be lost, in part
// or whole.
//
//   write  ─▶ [written, not synced]  ─ sync ─▶ [durable]
//   crash: durable, and of the writes after the last sync a random part, sector by sector
//
// A file system of SQLite's (its VFS interface), so that the real log runs on it. One seed, one
// history. Thread: one at a time, but for set_fault().
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3_vfs;

namespace outcry::eventlog {

class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint32_t seed);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  /// For SqliteLogOptions::vfs.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Power is cut: nothing reaches the disk any more, and every call fails.
  void power_off() noexcept { off_ = true; }
  /// What is left is there again. Every connection from before must have been closed.
  void power_on();
  /// A sync says that it was done, and wasn't: the fault that a checker must find.
  void lie_about_syncs(bool lies) noexcept { lies_ = lies; }

  enum class Fault : std::uint8_t { none, full, read_only, broken };
  /// From the next write on: a file can't grow; can't be written; fails.
  void set_fault(Fault fault) noexcept { fault_.store(fault); }
  [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }
  /// Changes bytes of a file as a bad sector would.
  void damage(const std::string& path, std::size_t offset, std::size_t bytes);
  [[nodiscard]] std::size_t size(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> files() const;

 private:
  friend struct DiskCalls;
  struct Write {
    std::size_t offset = 0;
    std::string bytes;
  };
  struct File {
    std::string current;
    std::string durable;
    std::vector<Write> unsynced;
  };

  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::mt19937 random_;
  std::atomic<Fault> fault_ = Fault::none;  // a test sets it while the log's thread runs
  bool lies_ = false;
  bool off_ = false;
  std::uint64_t syncs_ = 0;
};

}  // namespace outcry::eventlog
