#include "attestation/appraisal/finding.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vedette::attestation {

namespace {

constexpr std::array kSources = {std::pair{FindingSource::boot, std::string_view("boot")},
                                 std::pair{FindingSource::ima, std::string_view("ima")},
                                 std::pair{FindingSource::runtime, std::string_view("runtime")}};

bool is_published(const Statement& statement, const IsPublished& published) {
  if (!published) return false;
  for (const auto kind : {RuntimeEventKind::model_release, RuntimeEventKind::runtime_contract})
    if (statement.category == to_string(kind)) return published(kind, statement.value);
  return false;
}

bool is_accepted(const Statement& statement, const StatementRules& rules) {
  const auto found = rules.accepted.find(statement.category);
  if (found == rules.accepted.end()) return false;
  const auto& values = found->second;
  if (values.contains(kAnyValue) || values.contains(statement.value)) return true;
  return values.contains(kPublished) && is_published(statement, rules.is_published);
}

// Something else than is known is worse than something of which nothing is known yet.
Finding finding_of(const Statement& statement, FindingSource source) {
  const bool is_unknown = statement.category == "application" || statement.category == "driver";
  return {.source = source,
          .category = statement.category,
          .value = statement.value,
          .pcr = statement.pcr,
          .claim = statement.claim,
          .trust = is_unknown ? trust::kUnrecognised : trust::kContraindicated,
          .words = statement.words};
}

}  // namespace

std::string_view to_string(FindingSource source) {
  return std::ranges::find(kSources, source, &decltype(kSources)::value_type::first)->second;
}

std::optional<FindingSource> finding_source(std::string_view text) {
  const auto* const found =
      std::ranges::find(kSources, text, &decltype(kSources)::value_type::second);
  if (found == kSources.end()) return std::nullopt;
  return found->first;
}

std::vector<Finding> appraise_statements(std::span<const Statement> statements,
                                         FindingSource source, const StatementRules& rules) {
  std::vector<Finding> findings;
  for (const Statement& statement : statements)
    if (!rules.exact.contains(statement.pcr) && !is_accepted(statement, rules))
      findings.push_back(finding_of(statement, source));
  for (const std::string& category : rules.essential)
    if (std::ranges::find(statements, category, &Statement::category) == statements.end())
      findings.push_back(silence(category, source));
  return findings;
}

Finding silence(const std::string& category, FindingSource source) {
  const char* const meaning =
      category == "application" ? ": the firmware started something that it did not measure" : "";
  return {.source = source,
          .category = category,
          .value = {},
          .pcr = 0,
          .claim = TrustClaim::configuration,
          .trust = trust::kContraindicated,
          .words = "nothing is said about " + category + meaning};
}

std::set<std::string> essential_of_boot(const Accepted& accepted) {
  std::set<std::string> essential{"secure-boot", "boot-services", "application"};
  for (const auto& [category, values] : accepted)
    if (category.starts_with("database ")) essential.insert(category);
  return essential;
}

void learn(Accepted& accepted, std::span<const Statement> statements) {
  for (const Statement& statement : statements)
    accepted[statement.category].insert(statement.value);
}

void learn_runtime(Accepted& accepted, std::span<const Statement> statements) {
  for (const auto kind : {RuntimeEventKind::model_release, RuntimeEventKind::runtime_contract})
    accepted[std::string(to_string(kind))].insert(kPublished);
  for (const auto kind : {RuntimeEventKind::agent_configuration, RuntimeEventKind::sandbox_profile})
    accepted[std::string(to_string(kind))].insert(kAnyValue);
  for (const Statement& statement : statements) {
    auto& values = accepted[statement.category];
    if (!values.contains(kPublished) && !values.contains(kAnyValue)) values.insert(statement.value);
  }
}

}  // namespace vedette::attestation
