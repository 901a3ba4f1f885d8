// InsecureSoftwareTpm: a TPM 2.0 emulator (swtpm) as a child process, for demonstrations and tests.
//
// It behaves like a TPM and protects nothing: its keys are files that any process of the same user
// can read. The name says so wherever it is used.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "platform/tpm/swtpm/child_process.h"

namespace vedette::platform {

struct InsecureSoftwareTpmSettings {
  // Absolute, of at most 80 letters, digits, '/', '.', '_' and '-' (socket names are short and the
  // TCTI string has its own grammar). Made with mode 0700 when absent. The TPM's state stays in it:
  // the same folder is the same TPM, its endorsement key included.
  std::string folder;
  // Absolute; keeps the pretend maker's authority that signs endorsement certificates. Several TPMs
  // may share one. Made when absent; empty means `<folder>/maker`.
  std::string maker_folder;
  // The common name in the endorsement certificate (see base/strong_id.h for the grammar).
  std::string name = "software-tpm";
  // The banks of registers that it keeps, in the words of swtpm_setup: sha1, sha256, sha384 and
  // sha512, with commas between. Of a TPM that is made; one that is there keeps its own.
  std::string banks = "sha256";
};

// One emulator on one Unix socket, for one program at a time: libtss2 connects anew for every
// command, so that nothing but good manners keeps a second one out. The process ends with this
// object, and with the thread that called start() or restart() (see child_process.h). Not
// thread-safe.
class InsecureSoftwareTpm {
 public:
  // Whether swtpm and its tools are on this machine.
  [[nodiscard]] static bool available();

  // Makes the TPM when the folder holds none, and powers it on. Refuses SWTPM-MISSING,
  // SWTPM-FOLDER, SWTPM-BANKS, SWTPM-SETUP and SWTPM-START (with the end of the emulator's log as
  // cause).
  [[nodiscard]] static Result<std::unique_ptr<InsecureSoftwareTpm>> start(
      const InsecureSoftwareTpmSettings& settings);

  // Power off and on again: registers are reset, transient objects and sessions gone.
  [[nodiscard]] Result<void> restart();

  [[nodiscard]] std::string tcti() const;  // for libtss2: swtpm:path=...
  // PEM of the maker's root, and of the intermediate that signed the endorsement certificate.
  [[nodiscard]] std::string root_certificate_path() const;
  [[nodiscard]] std::string issuer_certificate_path() const;
  [[nodiscard]] pid_t process_id() const { return process_.id(); }

 private:
  InsecureSoftwareTpm(InsecureSoftwareTpmSettings settings, ChildProcess process)
      : settings_(std::move(settings)), process_(std::move(process)) {}

  InsecureSoftwareTpmSettings settings_;
  ChildProcess process_;
};

}  // namespace vedette::platform
