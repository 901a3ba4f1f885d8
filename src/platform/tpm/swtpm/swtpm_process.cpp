#include "platform/tpm/swtpm/swtpm_process.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/strong_id.h"

namespace vedette::platform {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kLongestFolder = 80;
constexpr const char* kInstallHint = "install swtpm and swtpm-tools";

struct Tools {
  std::string swtpm;
  std::string setup;
  std::string local_ca;
};

std::string search_path() {
  const char* path = std::getenv("PATH");
  return std::string(path != nullptr ? path : "") + ":/usr/bin:/usr/local/bin:/bin";
}

std::string find_program(const std::string& name) {
  const std::string path = search_path();
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return {};
}

Result<Tools> find_tools() {
  Tools tools{find_program("swtpm"), find_program("swtpm_setup"), find_program("swtpm_localca")};
  for (const auto& [path, name] : {std::pair{&tools.swtpm, "swtpm"},
                                   {&tools.setup, "swtpm_setup"},
                                   {&tools.local_ca, "swtpm_localca"}})
    if (path->empty())
      return refuse("SWTPM-MISSING", "the TPM emulator is not installed", name, kInstallHint);
  return tools;
}

bool are_banks(const std::string& banks) {
  for (std::size_t begin = 0; begin <= banks.size();) {
    const std::size_t end = std::min(banks.find(',', begin), banks.size());
    const std::string one = banks.substr(begin, end - begin);
    if (one != "sha1" && one != "sha256" && one != "sha384" && one != "sha512") return false;
    begin = end + 1;
  }
  return true;
}

bool is_plain_path(const std::string& path) {
  return path.size() <= kLongestFolder && path.starts_with('/') &&
         std::ranges::all_of(path, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '_' || c == '-';
         });
}

std::unexpected<Error> bad_folder(const std::string& path, const std::string& why) {
  return refuse("SWTPM-FOLDER", "the folder of a software TPM cannot be used", path + ": " + why,
                "give an absolute path of at most 80 letters, digits, '/', '.', '_' and '-'");
}

Result<void> make_folder(const std::string& path) {
  if (!is_plain_path(path)) return bad_folder(path, "not a plain absolute path");
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return bad_folder(path, error.message());
  if (::mkdir(path.c_str(), 0700) != 0) return bad_folder(path, errno_text("mkdir"));
  return {};
}

std::string log_end(const std::string& path) {
  const auto content = read_file(path, 1 << 20);
  if (!content) return {};
  const auto text = as_text(*content);
  return std::string(text.substr(text.size() - std::min<std::size_t>(text.size(), 400)));
}

// Everything that the tools write stays in our folder: they get no other HOME and TMPDIR.
std::vector<std::string> environment_for(const std::string& folder) {
  return {"PATH=" + search_path(), "HOME=" + folder, "TMPDIR=" + folder + "/tmp", "LC_ALL=C"};
}

Result<void> write_text(const std::string& path, const std::string& text) {
  return write_file_atomically(path, as_bytes(text), 0600);
}

Result<void> write_tool_settings(const InsecureSoftwareTpmSettings& settings, const Tools& tools) {
  const std::string& folder = settings.folder;
  const std::string& maker = settings.maker_folder;
  VEDETTE_CHECK(write_text(folder + "/localca.conf",
                           "statedir = " + maker + "\nsigningkey = " + maker +
                               "/signkey.pem\nissuercert = " + maker +
                               "/issuercert.pem\ncertserial = " + maker + "/certserial\n"));
  VEDETTE_CHECK(write_text(folder + "/localca.options",
                           "--platform-manufacturer Vedette\n--platform-version 1\n"
                           "--platform-model software-tpm\n"));
  return write_text(folder + "/setup.conf",
                    "create_certs_tool = " + tools.local_ca + "\ncreate_certs_tool_config = " +
                        folder + "/localca.conf\ncreate_certs_tool_options = " + folder +
                        "/localca.options\nactive_pcr_banks = " + settings.banks + "\n");
}

// Gives the folder a TPM with an endorsement key and its certificate. The state appears under its
// final name only when it is whole.
Result<void> manufacture(const InsecureSoftwareTpmSettings& settings, const Tools& tools) {
  const std::string& folder = settings.folder;
  const std::string unfinished = folder + "/state.new";
  std::error_code error;
  fs::remove_all(unfinished, error);
  VEDETTE_CHECK(make_folder(unfinished));
  VEDETTE_CHECK(write_tool_settings(settings, tools));
  const std::string log = folder + "/setup.log";
  VEDETTE_TRY(auto setup, ChildProcess::start(
                              {{tools.setup, "--tpm2", "--tpmstate", unfinished, "--create-ek-cert",
                                "--lock-nvram", "--pcr-banks", settings.banks, "--vmid",
                                settings.name, "--config", folder + "/setup.conf"},
                               environment_for(folder),
                               log}));
  const auto status = setup.wait_for(60s);
  if (status != 0)
    return refuse("SWTPM-SETUP", "a software TPM could not be made", log_end(log), kInstallHint);
  fs::rename(unfinished, folder + "/state", error);
  if (error) return bad_folder(folder, error.message());
  return {};
}

bool accepts_connections(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return fd.valid() &&
         ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Result<ChildProcess> power_on(const std::string& folder, const Tools& tools) {
  const std::string socket = folder + "/sock";
  const std::string control = socket + ".ctrl";  // where libtss2 expects it
  ::unlink(socket.c_str());
  ::unlink(control.c_str());
  const std::string log = folder + "/swtpm.log";
  VEDETTE_TRY(auto process, ChildProcess::start({{tools.swtpm, "socket", "--tpm2", "--tpmstate",
                                                  "dir=" + folder + "/state,mode=0600", "--server",
                                                  "type=unixio,mode=0600,path=" + socket, "--ctrl",
                                                  "type=unixio,mode=0600,path=" + control,
                                                  "--flags", "startup-clear,not-need-init"},
                                                 environment_for(folder),
                                                 log}));
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!accepts_connections(control) || !accepts_connections(socket)) {
    if (process.wait_for(2ms) || std::chrono::steady_clock::now() > until)
      return refuse("SWTPM-START", "the software TPM did not start", log_end(log));
  }
  return process;
}

}  // namespace

bool InsecureSoftwareTpm::available() {
  return find_tools().has_value();
}

Result<std::unique_ptr<InsecureSoftwareTpm>> InsecureSoftwareTpm::start(
    const InsecureSoftwareTpmSettings& settings) {
  VEDETTE_TRY(const Tools tools, find_tools());
  if (!is_name(settings.name))
    return refuse("NAME-FORMAT", "not a valid name for a software TPM", settings.name);
  if (!are_banks(settings.banks))
    return refuse("SWTPM-BANKS", "these are no banks of a software TPM", settings.banks,
                  "sha256, sha384, or several with commas between");
  auto whole = settings;
  if (whole.maker_folder.empty()) whole.maker_folder = whole.folder + "/maker";
  for (const auto& folder : {whole.folder, whole.folder + "/tmp", whole.maker_folder})
    VEDETTE_CHECK(make_folder(folder));
  if (!fs::exists(whole.folder + "/state")) VEDETTE_CHECK(manufacture(whole, tools));
  VEDETTE_TRY(auto process, power_on(whole.folder, tools));
  return std::unique_ptr<InsecureSoftwareTpm>(
      new InsecureSoftwareTpm(std::move(whole), std::move(process)));
}

Result<void> InsecureSoftwareTpm::restart() {
  VEDETTE_TRY(const Tools tools, find_tools());
  process_.end();
  VEDETTE_TRY(process_, power_on(settings_.folder, tools));
  return {};
}

std::string InsecureSoftwareTpm::tcti() const {
  return "swtpm:path=" + settings_.folder + "/sock";
}

std::string InsecureSoftwareTpm::root_certificate_path() const {
  return settings_.maker_folder + "/swtpm-localca-rootca-cert.pem";
}

std::string InsecureSoftwareTpm::issuer_certificate_path() const {
  return settings_.maker_folder + "/issuercert.pem";
}

}  // namespace vedette::platform
