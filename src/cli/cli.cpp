#include "cli/cli.h"

#include <iostream>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/tuf_commands.h"

namespace vedette::cli {

namespace {

constexpr const char* kVersion = "vedette 0.1.0";

int number(ExitCode code) {
  return static_cast<int>(code);
}

// The innermost command that the line had reached: its help is the one to read.
std::string reached(const CLI::App& app) {
  std::string path = "vedette";
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += ' ' + at->get_name();
  }
  return path;
}

// Help and version are answers; all else that the parser throws is a mistake on the line.
int answer_parse(const CLI::App& app, const CLI::ParseError& error, Output& output) {
  std::ostringstream text;
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    (void)app.exit(error, text, text);
    codec::Json json;
    json.set("text", text.str());
    output.result(json, text.str());
    return number(ExitCode::done);
  }
  output.refusal({"CLI-USAGE", "the command line was not understood", error.what(),
                  "see '" + reached(app) + " --help'"});
  return number(ExitCode::usage);
}

// Writing the answer can fail like all else: a full disk behind a pipe must not look like success.
int finish(Output& output, const Result<void>& result) {
  ExitCode code = ExitCode::done;
  if (!result) {
    output.refusal(result.error());
    code = exit_code_of(result.error());
  }
  if (!output.flush() && code == ExitCode::done) code = ExitCode::failed;
  return number(code);
}

void add_commands(CLI::App& app, Choice& choice) {
  add_key_commands(app, choice);
  add_model_commands(app, choice);
  add_release_commands(app, choice);
  add_device_commands(app, choice);
  add_reference_commands(app, choice);
  add_attest_commands(app, choice);
  add_result_commands(app, choice);
  add_violation_commands(app, choice);
  add_log_commands(app, choice);
  add_policy_commands(app, choice);
  add_token_commands(app, choice);
  add_trust_commands(app, choice);
  add_tuf_commands(app, choice);
  add_sandbox_commands(app, choice);
  add_server_commands(app, choice);
  add_doctor_command(app, choice);
  add_completion_command(app, choice);
}

}  // namespace

CLI::App& add_noun(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* noun = app.add_subcommand(name, description);
  noun->require_subcommand(1);
  return *noun;
}

void on_call(CLI::App& verb, Choice& choice, Command command) {
  verb.callback([&choice, command = std::move(command)] { choice.command = command; });
}

Format format_asked(const std::vector<std::string>& arguments) {
  Format format = Format::text;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") break;
    std::optional<std::string> value;
    if (argument == "-o" || argument == "--output")
      value = i + 1 < arguments.size() ? arguments[i + 1] : "";
    else if (argument.starts_with("--output="))
      value = argument.substr(std::string_view("--output=").size());
    else if (argument.starts_with("-o"))
      value = argument.substr(2);
    if (value) format = *value == "json" ? Format::json : Format::text;
  }
  return format;
}

int run(const std::vector<std::string>& arguments, Environment environment,
        const std::function<void(CLI::App&, Choice&)>& extra) {
  Console& console = environment.console;
  if (console.out == nullptr) console.out = &std::cout;
  if (console.err == nullptr) console.err = &std::cerr;
  const Format format = format_asked(arguments);
  Output output(format, *console.out, *console.err,
                format == Format::text && console.out_is_terminal);
  environment.output = &output;
  environment.operator_folder.console = &console;

  CLI::App app(
      "Vedette: AI on edge devices that answers only while device, model and runtime "
      "are genuine.",
      "vedette");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  std::string format_name = "text";
  app.add_option("-o,--output", format_name, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--operator", environment.operator_folder.path,
                 "folder of an operator's certificate and key (or VEDETTE_OPERATOR)");
  Choice choice;
  add_commands(app, choice);
  if (extra) extra(app, choice);
  if (arguments.empty()) {
    *console.out << app.help();
    return number(ExitCode::usage);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return answer_parse(app, error, output);
  }
  return finish(output, choice.command(environment));
}

}  // namespace vedette::cli
