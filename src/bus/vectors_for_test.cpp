#include "bus/vectors_for_test.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json_text.h"

namespace outcry::bus {
namespace {

using Json = nlohmann::json;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  return text;
}

std::string decode_payload(const std::filesystem::path& path) {
  const std::string text = without_space(read_file(path));
  if (path.extension() == ".b64") {
    const auto bytes = base64_decode(text);
    EXPECT_TRUE(bytes) << path;
    return bytes.value_or("");
  }
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

bool is_integer_text(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

Json number_model(std::string_view slice) {
  if (!is_integer_text(slice)) return Json::parse(slice);
  const auto value = json::integer(slice);
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (value && *value >= -kExact && *value <= kExact) return *value;
  return {{"$int", std::string(slice)}};
}

Json object_model(std::string_view slice, const std::vector<std::string>& attachments) {
  // Without attachments a packet is text, and what looks like a placeholder is data.
  if (!attachments.empty() && json::member(slice, "_placeholder") == "true") {
    const auto index = json::integer(json::member(slice, "num").value());
    return {{"$bin", base64_encode(as_bytes(attachments.at(static_cast<std::size_t>(*index))))}};
  }
  Json out = Json::object();
  json::ObjectReader reader(slice);
  while (const auto member = reader.next()) {
    const std::string key(member->key);
    out[key] = model_of(member->value, attachments);
  }
  return out;
}

}  // namespace

std::vector<Vector> load_vectors(std::string_view folder) {
  const std::filesystem::path root = std::filesystem::path(OUTCRY_TEST_VECTORS) / folder;
  const Json index = Json::parse(read_file(root / "index.json"));
  std::vector<Vector> vectors;
  for (const Json& entry : index["vectors"]) {
    Vector vector;
    vector.name = entry["name"];
    vector.description = Json::parse(read_file(root / (vector.name + ".json")));
    if (vector.description.contains("file")) {
      vector.payload = decode_payload(root / std::string(vector.description["file"]));
      EXPECT_EQ(vector.payload.size(), vector.description["length"]) << vector.name;
    }
    vectors.push_back(std::move(vector));
  }
  EXPECT_EQ(vectors.size(), index["count"]);
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(root)) {
    if (file.path().extension() == ".json" && file.path().filename() != "index.json") ++files;
  }
  EXPECT_EQ(vectors.size(), files) << "files of " << folder << " and its index differ";
  return vectors;
}

Json model_of(std::string_view json_text, const std::vector<std::string>& attachments) {
  switch (json::kind_of(json_text)) {
    case json::Kind::array: {
      Json out = Json::array();
      json::ArrayReader reader(json_text);
      while (const auto element = reader.next()) out.push_back(model_of(*element, attachments));
      return out;
    }
    case json::Kind::object:
      return object_model(json_text, attachments);
    case json::Kind::number:
      return number_model(json_text);
    default:
      return Json::parse(json_text);
  }
}

Json expected_model(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& element : value) out.push_back(expected_model(element));
    return out;
  }
  if (!value.is_object()) return value;
  if (value.contains("$timestamp_ext")) return value["$timestamp_ext"];
  if (value.contains("$ext")) {
    // The parser's own dates (8 bytes of milliseconds) and its undefined (1 byte).
    const std::string data = value["$ext"]["data"];
    if (data.size() == 2) return nullptr;
    EXPECT_EQ(data, "0000000000000000");
    return "1970-01-01T00:00:00.000Z";
  }
  Json out = Json::object();
  for (const auto& [key, entry] : value.items()) out[key] = expected_model(entry);
  return out;
}

}  // namespace outcry::bus
