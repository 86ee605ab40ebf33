#include "node.h"

#include <utility>

#include "mutant.h"

namespace outcry::simulation {

Node::Node(const config::Config& config)
    : gateway_(std::make_unique<gateway::Gateway>(io_, config)) {
  gateway_->start();
}

Node::~Node() {
  gateway_.reset();
  forget_node();
}

void Node::publish(bus::Publication publication, Answered done) {
  gateway_->publish(std::move(publication),
                    [done = std::move(done)](const Result<gateway::PublishReceipt>& receipt) {
                      const auto position =
                          receipt ? eventlog::parse_position(receipt->offset) : std::nullopt;
                      done(position ? std::optional(position->life) : std::nullopt);
                    });
}

bool Node::step_control() {
  const bool ran = io_.poll_one() > 0;
  if (ran) after_control_task();
  return ran;
}

}  // namespace outcry::simulation
