// bus/vectors_for_test.h — the captured messages of tests/vectors, and values to compare them by.
//
// Expected values are in the vectors' notation; what was decoded is brought to the same form:
// bytes are {"$bin": base64}, integers beyond 2^53 {"$int": decimal}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace outcry::bus {

struct Vector {
  std::string name;
  nlohmann::json description;  // the vector's own .json
  std::string payload;         // empty for those without a file
};

/// All vectors that tests/vectors/<folder>/index.json lists. Fails the test if the index counts
/// otherwise, or a .json lies there that it doesn't list.
[[nodiscard]] std::vector<Vector> load_vectors(std::string_view folder);

/// The model of JSON text whose placeholders name `attachments`.
[[nodiscard]] nlohmann::json model_of(std::string_view json_text,
                                      const std::vector<std::string>& attachments);

/// The model that a vector's value stands for: dates and undefined as what clients are given.
[[nodiscard]] nlohmann::json expected_model(const nlohmann::json& value);

}  // namespace outcry::bus
