// The command line: `vedette <noun> <verb>`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "cli/console.h"
#include "cli/operator_client.h"
#include "cli/output.h"
#include "platform/net/http.h"

namespace CLI {
class App;
}

namespace vedette::cli {

// What every command may use. Lives as long as the program.
struct Environment {
  platform::HttpFactory& http;
  const Clock& clock;
  Output* output = nullptr;        // set once the format is known, before a command runs
  OperatorFolder operator_folder;  // --operator
  std::string program_folder;      // where vedette, its sisters and the demo's parts lie
  Console console = {};            // the streams and the person behind them
};

// Refuses, or has told its result through Environment::output.
using Command = std::function<Result<void>(Environment&)>;

// The command that the line chose, set by its callback.
struct Choice {
  Command command;
};

// Each adds its noun with its verbs.
void add_key_commands(CLI::App& app, Choice& choice);
void add_model_commands(CLI::App& app, Choice& choice);
void add_release_commands(CLI::App& app, Choice& choice);
void add_device_commands(CLI::App& app, Choice& choice);
void add_reference_commands(CLI::App& app, Choice& choice);
void add_attest_commands(CLI::App& app, Choice& choice);
void add_result_commands(CLI::App& app, Choice& choice);
void add_violation_commands(CLI::App& app, Choice& choice);
void add_log_commands(CLI::App& app, Choice& choice);
void add_policy_commands(CLI::App& app, Choice& choice);
void add_token_commands(CLI::App& app, Choice& choice);
void add_trust_commands(CLI::App& app, Choice& choice);
void add_sandbox_commands(CLI::App& app, Choice& choice);
void add_server_commands(CLI::App& app, Choice& choice);
void add_doctor_command(CLI::App& app, Choice& choice);
void add_completion_command(CLI::App& app, Choice& choice);

// Reads the line, runs the command, returns the exit code (cli/exit_code.h). `extra` adds commands
// that need more than the command line's own parts (the demo); it may be empty.
[[nodiscard]] int run(const std::vector<std::string>& arguments, Environment environment,
                      const std::function<void(CLI::App&, Choice&)>& extra = {});

}  // namespace vedette::cli
