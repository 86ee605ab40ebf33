#include "publisher/event_source.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "common/workload.h"

namespace outcry::bench {

EventSource::EventSource(std::vector<WeightedTemplate> templates, const EventSourceOptions& options)
    : options_(options),
      random_(static_cast<std::minstd_rand::result_type>(options.seed)),
      rooms_(0, options.rooms - 1),
      symbols_(0, options.symbols - 1) {
  OUTCRY_ASSERT(!templates.empty() && options.rooms > 0);
  OUTCRY_ASSERT(options.symbols > 0 && options.symbols <= kSymbols.size());
  std::vector<double> weights;
  for (WeightedTemplate& one : templates) {
    weights.push_back(one.weight);
    templates_.push_back(std::move(one.message));
  }
  which_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  if (options.keep_ledger) ledger_.emplace();
}

EventKind EventSource::append(std::string& out, std::uint32_t room) {
  MessageTemplate& message =
      templates_.size() == 1 ? templates_.front() : templates_[which_(random_)];
  const EventKind kind = message.kind();
  const bool has_key = kind == EventKind::equity_updated && options_.symbols > 1;
  const auto symbol = has_key ? static_cast<std::uint8_t>(symbols_(random_)) : std::uint8_t{0};
  last_stamp_ = std::max(monotonic_ns(), last_stamp_ + 1);
  message.append(out, room, last_stamp_, symbol);
  ++tally_.sent;
  ++tally_.by_event[static_cast<std::size_t>(kind)];
  if (last_stamp_ >= options_.from_ns && last_stamp_ < options_.to_ns) ++tally_.in_window;
  if (ledger_) ledger_->add(room, kind, symbol, last_stamp_);
  return kind;
}

std::vector<WeightedTemplate> load_templates(const std::vector<std::string>& texts,
                                             std::string (*wording)(const Capture&)) {
  std::vector<WeightedTemplate> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');
    const std::string file = text.substr(0, equals);
    double weight = 1;
    if (equals != std::string::npos) {
      char* parsed_to = nullptr;
      weight = std::strtod(text.c_str() + equals + 1, &parsed_to);
      if (*parsed_to != '\0' || !std::isfinite(weight) || weight <= 0) {
        throw std::runtime_error(text + ": the weight must be a positive number");
      }
    }
    const Capture capture = load_capture(file);
    try {
      out.push_back({MessageTemplate(wording(capture), capture.kind), weight});
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(file + ": " + error.what());
    }
  }
  return out;
}

std::string by_event_json(const EventTally& tally) {
  std::string out = R"("by_event":{)";
  for (std::size_t i = 0; i < kEventNames.size(); ++i) {
    out += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",", kEventNames[i], tally.by_event[i]);
  }
  return out + '}';
}

}  // namespace outcry::bench
