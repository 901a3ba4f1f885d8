#include <algorithm>
#include <utility>

#include "attestation/appraisal/statement.h"
#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/words.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {

namespace {

constexpr std::uint8_t kFirmware = 0;
constexpr std::uint8_t kDrivers = 2;
constexpr std::uint8_t kLoaders = 4;
constexpr std::uint8_t kPartitions = 5;
constexpr std::uint8_t kSecureBoot = 7;
constexpr std::uint8_t kCommandLines = 8;
constexpr std::uint8_t kFiles = 9;
constexpr std::uint8_t kStub = 11;
constexpr std::uint8_t kMok = 14;
constexpr std::size_t kMaxShown = 400;

class Statements {
 public:
  Statements(const BootLog& boot, const BootFacts& facts, std::string_view command_line)
      : boot_(boot), facts_(facts), command_line_(command_line) {}

  std::vector<Statement> take() {
    add_firmware();
    add_images();
    add_boot_services();
    add_secure_boot();
    add_commands();
    add_files();
    add_systemd_and_shim();
    add_unknown();
    return std::move(statements_);
  }

 private:
  [[nodiscard]] bool is_proven(std::uint8_t pcr) const { return boot_.registers.contains(pcr); }

  void add(std::string category, std::string value, std::uint8_t pcr, TrustClaim claim,
           std::string words) {
    statements_.push_back({std::move(category), std::move(value), pcr, claim, std::move(words)});
  }

  void add_event(const char* category, const Event& event) {
    const Bytes* const digest = event.digest(boot_.bank);
    if (digest == nullptr) return;  // a proven log has it
    add(category, to_hex(*digest), event.pcr, TrustClaim::executables, in_words(event));
  }

  void add_firmware() {
    for (const Event& event : boot_.log.events) {
      if (event.pcr != kFirmware && event.pcr != kDrivers) continue;
      if (!is_proven(event.pcr) || is_image_load(event.type)) continue;
      if (event.type == EventType::no_action || event.type == EventType::separator ||
          event.type == EventType::efi_action || event.type == EventType::action)
        continue;
      add_event("firmware", event);
    }
  }

  void add_images() {
    for (const LoadedImage& image : facts_.images) {
      const bool is_driver = image.pcr == kDrivers;
      const std::string digest = to_hex(image.digest);
      // systemd's stub hands the firmware a kernel that has no path.
      const std::string path = printable(image.claimed_path, kMaxShown);
      std::string words = is_driver ? "EFI driver" : "EFI application";
      if (!path.empty()) words.append(" ").append(path);
      words.append(", digest ").append(digest);
      add(is_driver ? "driver" : "application", digest, image.pcr, TrustClaim::executables,
          std::move(words));
    }
  }

  void add_boot_services() {
    if (!is_proven(kPartitions)) return;
    const bool exited = facts_.exit_boot_services;
    add("boot-services", exited ? "exited" : "not-exited", kPartitions, TrustClaim::executables,
        exited ? "the boot services were left"
               : "nobody measured that the boot services were left");
  }

  void add_secure_boot() {
    if (!is_proven(kSecureBoot)) return;
    const char* state = "unknown";
    if (facts_.secure_boot) state = *facts_.secure_boot ? "on" : "off";
    add("secure-boot", state, kSecureBoot, TrustClaim::configuration,
        std::string("Secure Boot is ") + state);
    for (const auto& [name, database] : facts_.databases)
      add("database " + name, to_hex(database.digest), kSecureBoot, TrustClaim::configuration,
          "the database " + name + ", " + std::to_string(database.signatures) +
              " entries, digest " + to_hex(database.digest));
    for (const Authority& authority : facts_.authorities)
      add("authority", to_hex(authority.digest), kSecureBoot, TrustClaim::configuration,
          "an image was allowed by " + printable(authority.variable, kMaxShown) + ", digest " +
              to_hex(authority.digest));
  }

  void add_text(const char* category, const std::string& text, std::uint8_t pcr, const char* what) {
    add(category, text, pcr, TrustClaim::configuration,
        std::string(what) + " \"" + printable(text, kMaxShown) + "\"");
  }

  void add_commands() {
    for (const std::string& line : facts_.kernel_command_lines)
      add_text("kernel-command-line", line, kCommandLines, "kernel command line");
    for (const std::string& line : facts_.module_command_lines)
      add_text("module-command-line", line, kCommandLines, "module command line");
    for (const std::string& command : facts_.grub_commands)
      add_text("grub-command", command, kCommandLines, "GRUB command");
    for (const LoadOptions& options : facts_.load_options) {
      if (options.text)
        add_text("kernel-command-line", *options.text, kFiles, "kernel command line");
      else if (is_measured_as(options.digest))
        add_text("kernel-command-line", std::string(command_line_), kFiles, "kernel command line");
      else
        add("load-options", to_hex(options.digest), kFiles, TrustClaim::configuration,
            "load options of the kernel, digest " + to_hex(options.digest));
    }
  }

  // The claimed command line, in the octets that the kernel's stub hashes.
  [[nodiscard]] bool is_measured_as(const Bytes& digest) const {
    if (command_line_.empty()) return false;
    Bytes wide;
    for (const char c : command_line_) {
      wide.push_back(static_cast<std::uint8_t>(c));
      wide.push_back(0);
    }
    wide.insert(wide.end(), 2, 0);
    return digest_by(boot_.bank, wide) == digest;
  }

  void add_files() {
    for (const MeasuredObject& file : facts_.files)
      add("file", to_hex(file.digest), kFiles, TrustClaim::executables,
          "GRUB read " + printable(file.claimed_name, kMaxShown) + ", digest " +
              to_hex(file.digest));
    for (const Bytes& initrd : facts_.initrds)
      add("initrd", to_hex(initrd), kFiles, TrustClaim::executables,
          "initial file system, digest " + to_hex(initrd));
  }

  void add_systemd_and_shim() {
    for (const MeasuredObject& section : facts_.stub_sections)
      add("stub-section", section.claimed_name + " " + to_hex(section.digest), kStub,
          TrustClaim::executables,
          "section " + printable(section.claimed_name, kMaxShown) + ", digest " +
              to_hex(section.digest));
    for (const MeasuredObject& list : facts_.mok_lists)
      add("mok-list", list.claimed_name + " " + to_hex(list.digest), kMok,
          TrustClaim::configuration,
          "shim's list " + printable(list.claimed_name, kMaxShown) + ", digest " +
              to_hex(list.digest));
  }

  // Nothing may hide where statements are made.
  void add_unknown() {
    for (const auto* numbers : {&facts_.contradicted, &facts_.unknown})
      for (const std::size_t number : *numbers) {
        const Event& event = boot_.log.events.at(number - 1);
        const bool judged = event.pcr >= kLoaders && event.pcr != 6;
        if (judged && is_proven(event.pcr)) add_event("unknown", event);
      }
  }

  const BootLog& boot_;
  const BootFacts& facts_;
  std::string_view command_line_;
  std::vector<Statement> statements_;
};

}  // namespace

std::vector<Statement> boot_statements(const Verified<BootLog>& boot, const BootFacts& facts,
                                       std::string_view claimed_command_line) {
  return Statements(*boot, facts, claimed_command_line).take();
}

const std::set<std::uint8_t>& boot_statement_registers() {
  static const std::set<std::uint8_t> kRegisters{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14};
  return kRegisters;
}

std::vector<Statement> runtime_statements(std::span<const RuntimeEvent> events, std::uint8_t pcr) {
  std::vector<Statement> statements;
  for (const RuntimeEvent& event : events) {
    statements.push_back({std::string(to_string(event.kind)), to_hex(event.digest), pcr,
                          TrustClaim::executables, in_words(event)});
    for (const std::string& power : event.powers)
      statements.push_back(
          {"power", power, pcr, TrustClaim::configuration, event.name + " may use " + power});
  }
  return statements;
}

}  // namespace vedette::attestation
