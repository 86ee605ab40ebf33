// What one core decodes: one equity_updated of about 350 bytes of JSON, in each publisher's format,
// from the payload of a Redis message to a bus::Message with the event's arguments as JSON text.
//
//   ./build release decoders_benchmark && out/release/decoders_benchmark
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>

#include "base/json_text.h"
#include "bus/node_message.h"
#include "bus/python_message.h"

namespace {

std::string payload(const std::string& format) {
  std::ifstream in(std::string(OUTCRY_BENCH_DECODERS) + "/equity_updated." + format,
                   std::ios::binary);
  if (!in) std::abort();
  return {std::istreambuf_iterator<char>(in), {}};
}

void report(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void python(benchmark::State& state, const std::string& format) {
  const std::string message = payload(format);
  outcry::bus::PythonMessageDecoder decoder;
  for (auto _ : state) {
    const auto decoded = decoder.decode(message);
    if (!decoded || !*decoded) std::abort();
    benchmark::DoNotOptimize(decoded);
  }
  report(state, message.size());
}
BENCHMARK_CAPTURE(python, pickle, std::string("pickle"));
BENCHMARK_CAPTURE(python, json, std::string("json"));

void node_msgpack(benchmark::State& state) {
  const std::string message = payload("msgpack");
  outcry::bus::NodeMessageDecoder decoder;
  for (auto _ : state) {
    const auto decoded =
        decoder.decode("socket.io#/#challenge_7f9c24e8-3b12-4fef-91e0-5d1a5c5f6a10#", message);
    if (!decoded || !*decoded) std::abort();
    benchmark::DoNotOptimize(decoded);
  }
  report(state, message.size());
}
BENCHMARK(node_msgpack);

// The check alone, which is the part of the JSON path that grows with the payload.
void json_validate(benchmark::State& state) {
  const std::string message = payload("json");
  for (auto _ : state) {
    const auto slice = outcry::json::validate(message);
    if (!slice) std::abort();
    benchmark::DoNotOptimize(slice);
  }
  report(state, message.size());
}
BENCHMARK(json_validate);

}  // namespace
