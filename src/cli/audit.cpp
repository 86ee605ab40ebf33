#include "cli/audit.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "audit/audit_files.h"
#include "audit/signing_key.h"
#include "cli/audit_reading.h"

namespace outcry::cli {
namespace {

constexpr std::size_t kKeyBytesMax = 65'536;

[[noreturn]] void refuse(const std::filesystem::path& path, std::error_code error) {
  throw config::ConfigError(fmt::format("audit: {}: {}", path.string(), error.message()));
}

audit::PublicKey public_key_in(const std::filesystem::path& path) {
  const auto pem = audit::read_file(path, kKeyBytesMax);
  if (!pem) refuse(path, pem.error());
  auto key = audit::PublicKey::from_pem(*pem);
  if (!key) refuse(path, key.error());
  return *std::move(key);
}

audit::Expected expected_end(const std::string& text) {
  audit::Expected out;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, out.sequence);
  if (colon < text.size()) out.hash = text.substr(colon + 1);
  const bool is_number = error == std::errc() && end == text.data() + colon && out.sequence > 0;
  if (!is_number || (colon < text.size() && !audit::is_hex_digest(out.hash))) {
    throw config::ConfigError(
        "audit: --expect-end: write the number of a record, or NUMBER:HASH with its hash");
  }
  return out;
}

std::string end_text(const audit::Report& report) {
  if (report.stopped) return "it ends a run";
  return fmt::format("it ends no run; {} records are behind the last signed one",
                     report.unsigned_end);
}

}  // namespace

audit::Report read_trail(const AuditVerifyOptions& options,
                         std::function<void(const audit::Line&)> on_record) {
  audit::VerifierOptions how{.on_record = std::move(on_record)};
  for (const auto& path : options.public_keys) how.keys.push_back(public_key_in(path));
  if (!options.expect_end.empty()) how.expected = expected_end(options.expect_end);
  const auto files = audit::trail_files(options.paths);
  if (!files) refuse(options.paths.front(), files.error());
  if (files->empty()) {
    throw config::ConfigError(
        fmt::format("audit: {}: no trail is there", options.paths.front().string()));
  }
  audit::Verifier verifier(std::move(how));
  for (const std::filesystem::path& file : *files) {
    if (const auto error = verifier.read(file)) refuse(file, error);
  }
  return verifier.finish();
}

void print_findings(const audit::Report& report, std::ostream& out) {
  for (const audit::Finding& finding : report.findings) {
    std::string where = finding.file.string();
    if (finding.line > 0) where += fmt::format(":{}", finding.line);
    if (finding.sequence > 0) where += fmt::format(": record {}", finding.sequence);
    fmt::print(out, "{}: {}\n", where, finding.what);
  }
  if (report.findings_more > 0) fmt::print(out, "… and {} more\n", report.findings_more);
}

int verify_audit(const AuditVerifyOptions& options, const Surroundings& around) {
  const audit::Report report = read_trail(options, {});
  print_findings(report, around.out);
  for (const std::string& note : report.notes) fmt::print(around.out, "note: {}\n", note);
  fmt::print(around.out, "{} files, records {} to {}, {} signatures by {}\n", report.files,
             report.first, report.last.sequence, report.signatures,
             report.keys.empty() ? "nobody" : fmt::format("{}", fmt::join(report.keys, ", ")));
  if (options.public_keys.empty()) {
    fmt::print(around.out,
               "note: the key is the trail's own word; --public-key compares with yours\n");
  }
  fmt::print(around.out, "the last record is {}:{}; {}\n", report.last.sequence, report.last.hash,
             end_text(report));
  const std::uint64_t count = report.findings.size() + report.findings_more;
  fmt::print(around.out, "{}\n",
             report.intact() ? "intact" : fmt::format("NOT INTACT: {} findings", count));
  return report.intact() ? kExitDone : kExitFailed;
}

int print_public_key(const std::filesystem::path& key_file, const Surroundings& around) {
  const auto key = audit::SigningKey::load(key_file);
  if (!key) refuse(key_file, key.error());
  around.out << key->public_key().pem();
  return kExitDone;
}

}  // namespace outcry::cli
