#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/attest_commands.h"
#include "cli/attest_views.h"
#include "cli/command_line.h"
#include "cli/saved_evidence.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxEvidenceBytes = std::size_t{128} << 20U;

struct VerifyOptions {
  std::string file;
  std::string references;
};

Result<void> add_references(const std::string& path, SavedEvidence& saved) {
  if (path.empty()) return {};
  if (saved.references)
    return refuse("CLI-EVIDENCE", "there are two reference sets",
                  "one in the evidence, one in " + path, "leave one of them out");
  VEDETTE_TRY(const Bytes content, read_file(path, attestation::kMaxReferenceBytes));
  VEDETTE_TRY(saved.references, attestation::read_reference_set(as_text(content)));
  return {};
}

Result<void> verify(Environment& environment, const VerifyOptions& options) {
  VEDETTE_TRY(const Bytes content, read_file(options.file, kMaxEvidenceBytes));
  VEDETTE_TRY(SavedEvidence saved, read_saved_evidence(as_text(content)));
  VEDETTE_CHECK(add_references(options.references, saved));
  VEDETTE_TRY(const SavedVerdict verdict, judge(saved));
  environment.output->result(verdict.json, verdict_view(verdict.json));
  if (verdict.error) return std::unexpected(*verdict.error);
  return {};
}

}  // namespace

void add_attest_verify(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("verify", "judge saved evidence anew, without a server");
  verb->footer(
      "FILE is one JSON object:\n"
      "  attestation_key   the enrolled key: TPMT_PUBLIC in base64\n"
      "  extra_data        what the quote had to be bound to: hexadecimal, or an object with\n"
      "                    nonce (base64), certificate_sha256 and channel_binding (hexadecimal)\n"
      "  evidence          the body of POST /v1/attestation/evidence, logs from their beginning\n"
      "  registers         which had to be quoted; without: those that the quote selects\n"
      "  bank              their bank, sha256 or sha384; without: sha256\n"
      "  references        a reference set, as 'vedette -o json reference show' prints it\n"
      "  runtime_register  the PCR of the agent's log; without: 13\n"
      "  published         digests of the models and contracts that may run\n"
      "Every check of the server is made here, but for the clock of the last quote, which only\n"
      "the server knows. Exits with 3 when the verdict is not affirming; without references it\n"
      "never is.");
  const auto options = std::make_shared<VerifyOptions>();
  verb->add_option("file", options->file, "the evidence")->required();
  verb->add_option("--references", options->references, "a reference set in a file of its own");
  on_call(*verb, choice,
          [options](Environment& environment) { return verify(environment, *options); });
}

}  // namespace vedette::cli
