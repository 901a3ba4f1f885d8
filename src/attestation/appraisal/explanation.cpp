#include "attestation/appraisal/explanation.h"

#include <algorithm>

namespace vedette::attestation {

namespace {

// What a category is called in a sentence.
std::string name_of(const std::string& category) {
  if (category == "database dbx") return "the revocation list dbx";
  if (category == "database db") return "the list of allowed signatures db";
  if (category == "database KEK") return "the list of key exchange keys KEK";
  if (category == "database PK") return "the platform key PK";
  if (category == "secure-boot") return "Secure Boot";
  if (category == "kernel-command-line") return "the kernel command line";
  if (category == "initrd") return "the initial file system";
  if (category == "application") return "an EFI application";
  if (category == "driver") return "an EFI driver";
  if (category == "firmware") return "the firmware";
  if (category == "authority") return "an authority of Secure Boot";
  if (category == "stub-section") return "a section of the started image";
  if (category == "file") return "a file that GRUB read";
  return category;
}

struct Differences {
  std::vector<const Statement*> gone;
  std::vector<const Statement*> come;
};

bool contains(std::span<const Statement> statements, const Statement& wanted) {
  return std::ranges::any_of(statements, [&wanted](const Statement& one) {
    return one.category == wanted.category && one.value == wanted.value;
  });
}

void pair_up(const Differences& differences, std::vector<Change>& changes) {
  const std::size_t count = std::max(differences.gone.size(), differences.come.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Statement* const was = i < differences.gone.size() ? differences.gone[i] : nullptr;
    const Statement* const became = i < differences.come.size() ? differences.come[i] : nullptr;
    if (was == nullptr && became == nullptr) continue;  // never: one of the lists is that long
    const Statement& either = became != nullptr ? *became : *was;
    changes.push_back({.pcr = either.pcr,
                       .category = either.category,
                       .was = was != nullptr ? std::optional(was->words) : std::nullopt,
                       .became = became != nullptr ? std::optional(became->words) : std::nullopt});
  }
}

}  // namespace

std::vector<Change> changes_between(std::span<const Statement> before,
                                    std::span<const Statement> after) {
  std::map<std::pair<std::uint8_t, std::string>, Differences> differences;
  for (const Statement& statement : before)
    if (!contains(after, statement))
      differences[{statement.pcr, statement.category}].gone.push_back(&statement);
  for (const Statement& statement : after)
    if (!contains(before, statement))
      differences[{statement.pcr, statement.category}].come.push_back(&statement);
  std::vector<Change> changes;
  for (const auto& [key, one] : differences)
    pair_up(one, changes);
  return changes;
}

std::string in_words(const Change& change) {
  const std::string where = "PCR " + std::to_string(change.pcr) + ": " + name_of(change.category);
  if (!change.was) return where + " is new: " + change.became.value_or("");
  if (!change.became) return where + " is gone: " + *change.was;
  return where + " changed: " + *change.was + " -> " + *change.became;
}

}  // namespace vedette::attestation
