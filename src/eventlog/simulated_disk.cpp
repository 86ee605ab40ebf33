#include "eventlog/simulated_disk.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace outcry::eventlog {
namespace {

// What a disk writes whole.
constexpr std::size_t kSectorBytes = 512;

}  // namespace

/// SQLite's calls. An object of its own for the access that it needs.
struct DiskCalls {
  struct Handle {
    sqlite3_file base;
    SimulatedDisk* disk;
    std::shared_ptr<SimulatedDisk::File>* file;
  };
  static Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static SimulatedDisk& disk(sqlite3_vfs* vfs) {
    return *static_cast<SimulatedDisk*>(vfs->pAppData);
  }
  static SimulatedDisk::File& contents(sqlite3_file* file) { return **handle(file).file; }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    SimulatedDisk& on = disk(vfs);
    if (on.off_) return SQLITE_CANTOPEN;
    static const sqlite3_io_methods methods = make_methods();
    // Without a name: a temporary file, which nobody else finds.
    auto& place = path == nullptr ? on.files_[""] : on.files_[path];
    if (!place) {
      if (on.fault_ == SimulatedDisk::Fault::read_only) return SQLITE_CANTOPEN;
      place = std::make_shared<SimulatedDisk::File>();
    }
    Handle& opened = handle(file);
    opened.base.pMethods = &methods;
    opened.disk = &on;
    opened.file = new std::shared_ptr<SimulatedDisk::File>(place);
    if (out != nullptr) *out = flags;
    return SQLITE_OK;
  }
  static int close(sqlite3_file* file) {
    delete handle(file).file;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
    const std::string& from = contents(file).current;
    const auto at = std::min(static_cast<std::size_t>(offset), from.size());
    const std::size_t got = std::min(static_cast<std::size_t>(bytes), from.size() - at);
    std::memcpy(out, from.data() + at, got);
    std::memset(static_cast<char*>(out) + got, 0, static_cast<std::size_t>(bytes) - got);
    return got == static_cast<std::size_t>(bytes) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
    SimulatedDisk::File& to = contents(file);
    const auto at = static_cast<std::size_t>(offset);
    const std::size_t end = at + static_cast<std::size_t>(bytes);
    using Fault = SimulatedDisk::Fault;
    if (handle(file).disk->off_) return SQLITE_IOERR_WRITE;
    switch (handle(file).disk->fault_.load()) {
      case Fault::read_only:
        return SQLITE_READONLY;
      case Fault::broken:
        return SQLITE_IOERR_WRITE;
      case Fault::full:
        if (end > to.current.size()) return SQLITE_FULL;
        break;
      case Fault::none:
        break;
    }
    if (to.current.size() < end) to.current.resize(end);
    std::memcpy(to.current.data() + at, in, static_cast<std::size_t>(bytes));
    to.unsynced.push_back(
        {at, std::string(static_cast<const char*>(in), static_cast<std::size_t>(bytes))});
    return SQLITE_OK;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (handle(file).disk->off_) return SQLITE_IOERR_TRUNCATE;
    // At once durable: what a crash makes of a shorter file isn't what is tested here.
    contents(file).current.resize(static_cast<std::size_t>(size));
    if (contents(file).durable.size() > static_cast<std::size_t>(size)) {
      contents(file).durable.resize(static_cast<std::size_t>(size));
    }
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    SimulatedDisk& on = *handle(file).disk;
    if (on.off_ || on.fault_ == SimulatedDisk::Fault::broken) return SQLITE_IOERR_FSYNC;
    ++on.syncs_;
    if (on.lies_) return SQLITE_OK;
    contents(file).durable = contents(file).current;
    contents(file).unsynced.clear();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    *out = static_cast<sqlite3_int64>(contents(file).current.size());
    return SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int is_reserved(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
  static int traits(sqlite3_file*) { return 0; }
  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods methods{};
    methods.iVersion = 1;
    methods.xClose = close;
    methods.xRead = read;
    methods.xWrite = write;
    methods.xTruncate = truncate;
    methods.xSync = sync;
    methods.xFileSize = size;
    methods.xLock = lock;
    methods.xUnlock = lock;
    methods.xCheckReservedLock = is_reserved;
    methods.xFileControl = control;
    methods.xSectorSize = sector;
    methods.xDeviceCharacteristics = traits;
    return methods;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int) {
    if (disk(vfs).off_) return SQLITE_IOERR_DELETE;
    return disk(vfs).files_.erase(path) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }
  static int access(sqlite3_vfs* vfs, const char* path, int, int* out) {
    *out = disk(vfs).files_.contains(path) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* path, int bytes, char* out) {
    return std::snprintf(out, static_cast<std::size_t>(bytes), "%s", path) < bytes
               ? SQLITE_OK
               : SQLITE_CANTOPEN;
  }
  static int randomness(sqlite3_vfs* vfs, int bytes, char* out) {
    for (int i = 0; i < bytes; ++i) out[i] = static_cast<char>(disk(vfs).random_());
    return bytes;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int time(sqlite3_vfs*, double* out) {
    *out = 2'460'000.5;  // SQLite stores no time of its own
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

SimulatedDisk::SimulatedDisk(std::uint32_t seed)
    : name_(fmt::format("simulated-{}", fmt::ptr(this))),
      vfs_(std::make_unique<sqlite3_vfs>()),
      random_(seed) {
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(DiskCalls::Handle);
  vfs_->mxPathname = 512;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = DiskCalls::open;
  vfs_->xDelete = DiskCalls::remove;
  vfs_->xAccess = DiskCalls::access;
  vfs_->xFullPathname = DiskCalls::full_name;
  vfs_->xRandomness = DiskCalls::randomness;
  vfs_->xSleep = DiskCalls::sleep;
  vfs_->xCurrentTime = DiskCalls::time;
  vfs_->xGetLastError = DiskCalls::last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

SimulatedDisk::~SimulatedDisk() {
  sqlite3_vfs_unregister(vfs_.get());
}

void SimulatedDisk::power_on() {
  off_ = false;
  for (auto& [path, file] : files_) {
    auto left = std::make_shared<File>();
    left->durable = file->durable;
    for (const Write& write : file->unsynced) {
      for (std::size_t at = 0; at < write.bytes.size(); at += kSectorBytes) {
        if (random_() % 2 == 0) continue;  // this sector had not reached the disk
        const std::string_view sector = std::string_view(write.bytes).substr(at, kSectorBytes);
        const std::size_t end = write.offset + at + sector.size();
        if (left->durable.size() < end) left->durable.resize(end);
        std::memcpy(left->durable.data() + write.offset + at, sector.data(), sector.size());
      }
    }
    left->current = left->durable;
    file = std::move(left);
  }
  fault_ = Fault::none;
}

void SimulatedDisk::damage(const std::string& path, std::size_t offset, std::size_t bytes) {
  File& file = *files_.at(path);
  for (std::size_t i = offset; i < std::min(offset + bytes, file.current.size()); ++i) {
    file.current[i] = static_cast<char>(random_());
  }
  file.durable = file.current;
}

std::size_t SimulatedDisk::size(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? 0 : found->second->current.size();
}

std::vector<std::string> SimulatedDisk::files() const {
  const auto paths = std::views::keys(files_);
  return {paths.begin(), paths.end()};
}

}  // namespace outcry::eventlog
