// What a record costs: whoever adds it, the thread that writes it, and who checks it.
//
//   ./build release audit_benchmark && out/release/audit_benchmark
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include "audit/audit_writer.h"
#include "audit/verifier.h"

namespace outcry::audit {
namespace {

constexpr std::size_t kBatch = 1'000;

struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-audit-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::filesystem::path path;
};

Record publication(std::size_t payload_bytes) {
  Record out{.kind = Kind::publish, .time = wall_now(), .namespace_name = "/"};
  out.rooms = {"challenge_8c1f0d52-6f0f-4f7e-9d43-0c6a5e4b3a21"};
  out.details = {{"event", "equity_updated"},
                 {"class", "latest"},
                 {"position", "AAAAAAAAAAAAAAAAAAAAAA"},
                 {"by", "redis:tradesense_websocket"}};
  out.payload = std::string(payload_bytes, 'x');
  return out;
}

std::unique_ptr<Trail> open_trail(const Directory& directory) {
  std::string why;
  auto trail = Trail::open({.directory = directory.path}, wall_now(), why);
  return trail ? *std::move(trail) : nullptr;
}

/// On the control thread: make the record and add it; the writer's own core writes meanwhile.
void add(benchmark::State& state) {
  const Directory directory;
  AuditWriter writer(open_trail(directory), {.waiting_bytes_max = std::size_t{4} << 30});
  const auto bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) writer.add(publication(bytes));
  state.SetItemsProcessed(state.iterations());
  state.counters["lost"] = static_cast<double>(writer.stats().lost);
}
BENCHMARK(add)->Arg(200)->Arg(20'000);

/// On the writer's thread: hash the payload, make the line, hash it, sign every thousandth, write.
void write(benchmark::State& state) {
  const Directory directory;
  const auto trail = open_trail(directory);
  const std::vector<Record> records(kBatch, publication(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(trail->write(records, wall_now()).records);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
  state.counters["bytes"] =
      static_cast<double>(trail->bytes()) / static_cast<double>(trail->last().sequence);
}
BENCHMARK(write)->Arg(200)->Arg(20'000);

void verify(benchmark::State& state) {
  const Directory directory;
  const auto trail = open_trail(directory);
  const std::vector<Record> records(50 * kBatch, publication(200));
  (void)trail->write(records, wall_now());
  const auto files = trail_files({directory.path});
  std::int64_t count = 0;
  for (auto _ : state) {
    Verifier verifier({});
    for (const auto& file : *files) (void)verifier.read(file);
    count += static_cast<std::int64_t>(verifier.finish().records);
  }
  state.SetItemsProcessed(count);
}
BENCHMARK(verify)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outcry::audit
