#include "cli/commands.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/audit.h"
#include "cli/publish.h"
#include "cli/token.h"
#include "cli/version.h"
#include "config/keys.h"

namespace outcry::cli {
namespace {

/// Reads the arguments of all commands; `action` is what the chosen one does.
class CommandLine {
 public:
  explicit CommandLine(const Surroundings& surroundings) : around_(surroundings) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string(version_line()));
    app_.get_formatter()->column_width(34);
    if (around_.serve) add_serve();
    add_config_commands();
    add_token();
    add_publish();
    add_audit();
    app_.add_subcommand("version", "Print the version")->callback([this] {
      action_ = [this] {
        around_.out << version_line() << '\n';
        return kExitDone;
      };
    });
  }

  int run(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      // Help and version "fail" with code 0.
      return app_.exit(error, around_.out, around_.err) == 0 ? kExitDone : kExitUsage;
    }
    return action_();
  }

 private:
  void add_serve() {
    auto* command = app_.add_subcommand("serve", "Run the gateway");
    command->add_option("--config", serve_.config, "Configuration file (TOML)");
    command->add_flag("--dev", serve_.development,
                      "Development run: weak secrets and any origin are allowed");
    command->callback([this] { action_ = [this] { return around_.serve(serve_); }; });
  }

  void add_config_commands() {
    auto* print = app_.add_subcommand("default-config", "Print a configuration with all defaults");
    print->add_flag("--markdown", markdown_, "Print the reference page instead");
    print->callback([this] {
      action_ = [this] {
        around_.out << (markdown_ ? config::config_reference_markdown()
                                  : config::default_config_toml());
        return kExitDone;
      };
    });

    auto* check = app_.add_subcommand("check-config", "Check a configuration file");
    check->add_option("file", checked_.file, "Configuration file (TOML)")->required();
    check->add_flag("--dev", checked_.development, "By the rules of a development run");
    check->callback([this] {
      action_ = [this] {
        checked_.environment = around_.environment;
        const config::LoadedConfig loaded = config::load_config(checked_);
        for (const std::string& notice : loaded.notices) around_.err << notice << '\n';
        around_.out << checked_.file->string() << ": ok\n";
        return kExitDone;
      };
    });
  }

  void add_token() {
    auto* command = app_.add_subcommand("token", "Sign a token, for development");
    command->add_option("--user", token_.user, "User that the token names")->required();
    command->add_option("--claim", token_.claim, "Claim that holds the user")
        ->capture_default_str();
    command->add_option("--ttl", token_.ttl_s, "Seconds that the token is valid")
        ->capture_default_str()
        ->check(CLI::Range(1, 31'536'000));
    command->add_option("--session-id", token_.session_id, "Claim session_id");
    auto* secret = command->add_option("--secret-file", token_.secret_file,
                                       "File with the secret (else: --config, OUTCRY_AUTH_SECRET)");
    command->add_option("--config", token_.config, "Configuration file with the secret")
        ->excludes(secret);
    command->callback([this] { action_ = [this] { return print_token(token_, around_); }; });
  }

  void add_publish() {
    auto* command = app_.add_subcommand("publish", "Publish one event by the operations port");
    command->add_option("--room", publish_.room, "Room that gets it")->required();
    command->add_option("--event", publish_.event, "Event name")->required();
    command->add_option("--data", publish_.data, "JSON value, or - to read it")
        ->capture_default_str();
    command->add_option("--id", publish_.id, "Idempotency id");
    command->add_option("--namespace", publish_.namespace_name, "Namespace; default /");
    command->add_option("--address", publish_.address, "Operations port (else: the configuration)");
    command->add_option("--config", publish_.config, "Configuration file with address and key");
    command->add_option("--api-key-file", publish_.api_key_file,
                        "File with the key (else: OUTCRY_API_KEY, the configuration)");
    command->callback([this] { action_ = [this] { return publish(publish_, around_); }; });
  }

  static void add_trail(CLI::App& command, AuditVerifyOptions& trail) {
    command.add_option("path", trail.paths, "Directories and files of the trail")->required();
    command.add_option("--public-key", trail.public_keys,
                       "PEM file of a key that may have signed (else: the trail's own word)");
    command.add_option("--expect-end", trail.expect_end,
                       "SEQ or SEQ:HASH that the trail must have come to, noted elsewhere");
  }

  void add_audit() {
    auto* command = app_.add_subcommand("audit", "Check and read an audit trail");
    command->require_subcommand(1);
    auto* verify = command->add_subcommand("verify", "Check every record and signature");
    add_trail(*verify, timeline_.trail);
    verify->callback(
        [this] { action_ = [this] { return verify_audit(timeline_.trail, around_); }; });

    auto* timeline = command->add_subcommand("timeline", "Print what happened to a challenge");
    timeline->add_option("challenge", timeline_.challenge, "Id of the challenge")->required();
    add_trail(*timeline, timeline_.trail);
    timeline->add_flag("--room", timeline_.is_room, "It is a room's whole name");
    timeline->add_flag("--json", timeline_.as_json, "The records as they stand in the trail");
    timeline->callback([this] { action_ = [this] { return print_timeline(timeline_, around_); }; });

    auto* key = command->add_subcommand("public-key", "Print the public half of a signing key");
    key->add_option("key-file", audit_key_file_, "The key (audit.key_file)")->required();
    key->callback(
        [this] { action_ = [this] { return print_public_key(audit_key_file_, around_); }; });
  }

  const Surroundings& around_;
  CLI::App app_{"Outcry: real-time events from a back end to the browsers that may see them",
                "outcry"};
  std::function<int()> action_;
  ServeOptions serve_;
  bool markdown_ = false;
  config::LoadOptions checked_;
  TokenOptions token_;
  PublishOptions publish_;
  AuditTimelineOptions timeline_;
  std::filesystem::path audit_key_file_;
};

}  // namespace

int run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  try {
    return CommandLine(surroundings).run(arguments);
  } catch (const config::ConfigError& error) {
    surroundings.err << error.what() << '\n';
    return kExitUsage;
  } catch (const std::exception& error) {
    surroundings.err << "outcry: " << error.what() << '\n';
    return kExitFailed;
  }
}

}  // namespace outcry::cli
