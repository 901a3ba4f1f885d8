#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/device_keys.h"
#include "cli/maker_roots.h"

namespace vedette::cli {

void add_admission_options(CLI::App& verb, MakerAdmission& admission) {
  verb.add_option("--group", admission.group, "the group that its devices will be in")->required();
  verb.add_option("--sku", admission.sku, "the SKU that its devices are of when they first enrol");
  verb.add_flag("--tolerate-sha1", admission.sha1_signature,
                "take TPMs whose own certificate is signed with SHA-1");
  verb.add_flag("--tolerate-expired", admission.expired,
                "take TPMs whose own certificate has expired");
  add_key_option(verb, admission.keys);
}

namespace {

void add_remove(CLI::App& noun, Choice& choice) {
  CLI::App* verb =
      noun.add_subcommand("remove", "admit no TPM by one maker's certificate any more");
  verb->footer(
      "Devices that it alone admitted get no further certificate; what they have ends by itself.\n"
      "Where trust is lost, 'vedette device revoke' them, or their group: that is at once.");
  const auto dismissal = std::make_shared<MakerDismissal>();
  verb->add_option("sha256", dismissal->sha256, "the certificate's SHA-256, as 'list' shows it")
      ->required();
  verb->add_option("--group", dismissal->group, "the group that it was imported for")->required();
  on_call(*verb, choice,
          [dismissal](Environment& environment) { return dismiss_maker(environment, *dismissal); });
}

}  // namespace

void add_trust_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "trust", "whose word counts");
  CLI::App& roots = add_noun(noun, "ek-roots", "the makers of TPMs");
  CLI::App* verb = roots.add_subcommand("import", "let every TPM of these makers enrol");
  const auto admission = std::make_shared<MakerAdmission>();
  verb->add_option("path", admission->path,
                   "a folder of the makers' certificates, or one file of them (PEM or DER)")
      ->required();
  add_admission_options(*verb, *admission);
  on_call(*verb, choice,
          [admission](Environment& environment) { return admit_makers(environment, *admission); });
  on_call(*roots.add_subcommand("list", "whose TPMs may enrol, and into which group"), choice,
          list_makers);
  add_remove(roots, choice);
}

}  // namespace vedette::cli
