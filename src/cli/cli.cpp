#include "cli/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "cli/exit_code.h"

namespace vedette::cli {

namespace {

bool wants_colour() {
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

int finish(Output& output, const Result<void>& result) {
  if (result) return static_cast<int>(ExitCode::done);
  output.refusal(result.error());
  return static_cast<int>(exit_code_of(result.error()));
}

}  // namespace

int run(const std::vector<std::string>& arguments, Environment environment,
        const std::function<void(CLI::App&, Choice&)>& extra) {
  CLI::App app("Vedette: AI on edge devices that answers only while device, model and runtime are genuine.",
               "vedette");
  app.set_version_flag("--version", "vedette 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  std::string format = "text";
  app.add_option("-o,--output", format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_option("--operator", environment.operator_folder,
                 "folder of an operator's certificate and key (or VEDETTE_OPERATOR)");
  Choice choice;
  add_key_commands(app, choice);
  add_model_commands(app, choice);
  add_release_commands(app, choice);
  add_device_commands(app, choice);
  add_reference_commands(app, choice);
  add_result_commands(app, choice);
  add_log_commands(app, choice);
  add_doctor_command(app, choice);
  extra(app, choice);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? static_cast<int>(ExitCode::done)
                                : static_cast<int>(ExitCode::usage);
  }
  const Format chosen = format == "json" ? Format::json : Format::text;
  Output output(chosen, std::cout, std::cerr, chosen == Format::text && wants_colour());
  environment.output = &output;
  return finish(output, choice.command(environment));
}

}  // namespace vedette::cli
