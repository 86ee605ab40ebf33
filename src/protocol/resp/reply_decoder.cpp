#include "protocol/resp/reply_decoder.h"

#include <array>
#include <new>
#include <utility>

#include <hiredis/hiredis.h>

#include "base/assert.h"
#include "base/error_enum.h"

namespace outcry::resp {

std::error_code make_error_code(RespError error) {
  static constexpr std::array<std::string_view, 4> kNames{
      "no error", "not the Redis protocol", "reply beyond the limits", "out of memory"};
  static const TableCategory category("resp", kNames);
  return {static_cast<int>(error), category};
}

// hiredis' own constructors of replies, behind a budget. A null result makes its reader fail.
struct ReplyDecoder::Callbacks {
  static redisReplyObjectFunctions& original() {
    static redisReplyObjectFunctions functions = [] {
      redisReader* const reader = redisReaderCreate();
      if (reader == nullptr) throw std::bad_alloc();
      const redisReplyObjectFunctions copy = *reader->fn;
      redisReaderFree(reader);
      return copy;
    }();
    return functions;
  }

  static redisReplyObjectFunctions* bounded() {
    static redisReplyObjectFunctions functions = [] {
      redisReplyObjectFunctions copy = original();
      copy.createString = create_string;
      copy.createArray = create_array;
      return copy;
    }();
    return &functions;
  }

  static void* create_string(const redisReadTask* task, char* text, std::size_t size) {
    Budget& budget = *static_cast<Budget*>(task->privdata);
    if (!take(budget.bytes_left, size)) return budget.exceeded = true, nullptr;
    return original().createString(task, text, size);
  }

  static void* create_array(const redisReadTask* task, int elements) {
    Budget& budget = *static_cast<Budget*>(task->privdata);
    if (elements < 0 || !take(budget.elements_left, static_cast<std::size_t>(elements))) {
      return budget.exceeded = true, nullptr;
    }
    return original().createArray(task, elements);
  }

  static bool take(std::size_t& left, std::size_t amount) {
    if (amount > left) return false;
    left -= amount;
    return true;
  }
};

ReplyKind ReplyView::kind() const noexcept {
  switch (reply_->type) {
    case REDIS_REPLY_STRING:
      return ReplyKind::string;
    case REDIS_REPLY_ARRAY:
      return ReplyKind::array;
    case REDIS_REPLY_INTEGER:
      return ReplyKind::integer;
    case REDIS_REPLY_STATUS:
      return ReplyKind::status;
    case REDIS_REPLY_ERROR:
      return ReplyKind::error;
    default:
      return ReplyKind::nil;
  }
}

std::string_view ReplyView::text() const noexcept {
  switch (kind()) {
    case ReplyKind::string:
    case ReplyKind::status:
    case ReplyKind::error:
      return {reply_->str, static_cast<std::size_t>(reply_->len)};
    default:
      return {};
  }
}

std::int64_t ReplyView::integer() const noexcept {
  return kind() == ReplyKind::integer ? reply_->integer : 0;
}

std::size_t ReplyView::size() const noexcept {
  return kind() == ReplyKind::array ? reply_->elements : 0;
}

ReplyView ReplyView::operator[](std::size_t index) const {
  OUTCRY_ASSERT(index < size());
  return ReplyView(*reply_->element[index]);
}

void Reply::Free::operator()(redisReply* reply) const noexcept {
  freeReplyObject(reply);
}
void ReplyDecoder::Free::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

ReplyDecoder::ReplyDecoder(const ReplyLimits& limits)
    : limits_(limits),
      budget_(std::make_unique<Budget>()),
      reader_(redisReaderCreateWithFunctions(Callbacks::bounded())) {
  if (reader_ == nullptr) throw std::bad_alloc();
  reader_->privdata = budget_.get();
  refill();
}

std::error_code ReplyDecoder::feed(std::string_view bytes) {
  if (error_) return error_;
  if (bytes.empty()) return {};
  const std::size_t waiting = reader_->len - reader_->pos;
  if (waiting + bytes.size() > limits_.buffered_bytes_max) return failed(RespError::reply_too_big);
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return failed(RespError::out_of_memory);
  }
  return {};
}

Result<std::optional<Reply>> ReplyDecoder::next() {
  if (error_) return fail(error_);
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    if (budget_->exceeded) return fail(failed(RespError::reply_too_big));
    const bool memory = reader_->err == REDIS_ERR_OOM;
    return fail(failed(memory ? RespError::out_of_memory : RespError::protocol_violation));
  }
  if (reply == nullptr) return std::nullopt;
  refill();
  return Reply(static_cast<redisReply*>(reply));
}

void ReplyDecoder::refill() noexcept {
  budget_->elements_left = limits_.elements_max;
  budget_->bytes_left = limits_.reply_bytes_max;
}

std::error_code ReplyDecoder::failed(RespError error) {
  if (!error_) error_ = error;
  return error_;
}

}  // namespace outcry::resp
