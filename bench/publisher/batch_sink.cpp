#include "publisher/batch_sink.h"

#include <cstddef>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "common/http_answer.h"

namespace outcry::bench {
namespace {

constexpr int kOk = 200;
constexpr int kUnavailable = 503;

}  // namespace

std::uint64_t refused_in(std::string_view body) noexcept {
  constexpr std::string_view kError = R"("error":)";
  std::uint64_t count = 0;
  for (std::size_t at = body.find(kError); at != std::string_view::npos;
       at = body.find(kError, at + 1)) {
    ++count;
  }
  return count;
}

BatchSink::BatchSink(const sockaddr_in& server, const BatchOptions& options)
    : options_(options), lanes_(options.connections) {
  for (Lane& lane : lanes_) lane.pipe = std::make_unique<TcpPipe>(server, "the operations port");
}

void BatchSink::add(EventSource& source, std::uint32_t room) {
  Lane& lane = lanes_[room % lanes_.size()];
  if (lane.count > 0) lane.items.push_back(',');
  source.append(lane.items, room);
  if (++lane.count == options_.batch_max) post(lane);
}

void BatchSink::flush() {
  for (Lane& lane : lanes_) {
    if (lane.count > 0) post(lane);
  }
}

void BatchSink::finish() {
  flush();
  for (Lane& lane : lanes_) {
    while (lane.unanswered > 0) {
      lane.pipe->wait_for_input();
      take_answers(lane);
    }
  }
}

std::string BatchSink::report() const {
  return fmt::format(R"("requests":{},"refused":{})", requests_, refused_);
}

void BatchSink::post(Lane& lane) {
  lane.pipe->write(
      fmt::format("POST /v1/batch HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n[{}]",
                  options_.host, options_.api_key, lane.items.size() + 2, lane.items));
  lane.items.clear();
  lane.count = 0;
  ++lane.unanswered;
  ++requests_;
  lane.pipe->take_input();
  take_answers(lane);
  while (lane.unanswered >= options_.pipeline) {
    lane.pipe->wait_for_input();
    take_answers(lane);
  }
}

void BatchSink::take_answers(Lane& lane) {
  std::string& input = lane.pipe->input();
  std::string_view rest = input;
  HttpAnswer answer;
  HttpStatus status = take_http_answer(rest, answer);
  for (; status == HttpStatus::complete; status = take_http_answer(rest, answer)) {
    --lane.unanswered;
    if (answer.status == kOk) continue;
    if (answer.status != kUnavailable) {
      throw std::runtime_error(
          fmt::format("the operations port answered {}: {}", answer.status, answer.body));
    }
    refused_ += refused_in(answer.body);
  }
  if (status == HttpStatus::malformed) {
    throw std::runtime_error("the operations port answered what is not understood");
  }
  input.erase(0, input.size() - rest.size());
}

}  // namespace outcry::bench
