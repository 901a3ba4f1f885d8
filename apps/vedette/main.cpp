// vedette: the composition root of the command line.
#include <filesystem>
#include <string>
#include <system_error>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/console.h"
#include "cli/demo/demo.h"
#include "platform/net/beast/beast_http.h"
#include "platform/pkcs11/pkcs11_keys.h"
#include "platform/tpm/esys/esys_tpm.h"

#include "demo_stage.h"

namespace {

// The sister programs lie where this one really is, whatever it was called by.
std::string program_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace

int main(int argc, char** argv) {
  vedette::platform::quiet_tss2_log();
  const auto http = vedette::platform::make_beast_http();
  const auto stage = vedette::make_demo_stage(*http);
  const vedette::SystemClock clock;
  vedette::platform::Pkcs11Keys keys;
  const vedette::cli::Environment environment{.http = *http,
                                              .clock = clock,
                                              .output = nullptr,
                                              .operator_folder = {{}, &keys},
                                              .program_folder = program_folder(),
                                              .console = vedette::cli::system_console()};
  return vedette::cli::run({argv + 1, argv + argc}, environment,
                           [&stage](CLI::App& app, vedette::cli::Choice& choice) {
                             vedette::cli::demo::add_demo_command(app, choice, *stage);
                           });
}
