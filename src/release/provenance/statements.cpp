#include <algorithm>
#include <array>
#include <vector>

#include "codec/base64.h"
#include "release/in_toto.h"
#include "release/provenance/parts.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr codec::JsonLimits kLimits{.max_bytes = 1 << 20, .max_depth = 24, .max_values = 20'000};
constexpr std::string_view kCode = "PROV-STATEMENT";

// One part of a provenance, and how it is carried.
struct Part {
  std::string_view name;
  InTotoKind kind;
  // None when the provenance has no such part.
  std::optional<Json> (*write)(const Provenance&);
  Result<void> (*read)(const Json&, Provenance&);
};

std::optional<Json> build_of(const Provenance& provenance) {
  if (!provenance.build) return std::nullopt;
  return write_slsa(*provenance.build);
}
std::optional<Json> datasets_of(const Provenance& provenance) {
  if (provenance.datasets.empty()) return std::nullopt;
  return write_datasets(provenance.datasets);
}
std::optional<Json> lineage_of(const Provenance& provenance) {
  if (!provenance.lineage) return std::nullopt;
  return write_lineage(*provenance.lineage);
}
std::optional<Json> evaluations_of(const Provenance& provenance) {
  if (provenance.evaluations.empty()) return std::nullopt;
  return write_evaluations(provenance.evaluations);
}

constexpr InTotoKind kind_of(std::string_view type, std::string_view noun) {
  return {.predicate_type = type, .code = kCode, .noun = noun, .limits = kLimits};
}

const std::array<Part, 4> kParts{
    {{"build", kind_of("https://slsa.dev/provenance/v1", "SLSA provenance"), build_of,
      [](const Json& json, Provenance& into) -> Result<void> {
        VEDETTE_TRY(into.build, read_slsa(json));
        return {};
      }},
     {"datasets", kind_of("https://vedette.dev/datasets/v1", "statement about datasets"),
      datasets_of,
      [](const Json& json, Provenance& into) -> Result<void> {
        VEDETTE_TRY(into.datasets, read_datasets(json));
        return {};
      }},
     {"lineage", kind_of("https://vedette.dev/lineage/v1", "statement about a lineage"), lineage_of,
      [](const Json& json, Provenance& into) -> Result<void> {
        VEDETTE_TRY(into.lineage, read_lineage(json));
        return {};
      }},
     {"evaluations", kind_of("https://vedette.dev/evaluation/v1", "statement about an evaluation"),
      evaluations_of, [](const Json& json, Provenance& into) -> Result<void> {
        VEDETTE_TRY(into.evaluations, read_evaluations(json));
        return {};
      }}}};

// What a statement says that it is, before anybody has verified it: this chooses its reader.
Result<std::string> claimed_type(std::string_view envelope) {
  VEDETTE_TRY(const Json json, codec::parse_json(envelope, kLimits));
  VEDETTE_TRY(const std::string text, json.string("payload"));
  VEDETTE_TRY(const Bytes payload, codec::from_base64(text));
  VEDETTE_TRY(const Json statement, codec::parse_json(as_text(payload), kLimits));
  return statement.string("predicateType");
}

const Part* part_of(std::string_view predicate_type) {
  for (const Part& part : kParts)
    if (part.kind.predicate_type == predicate_type) return &part;
  return nullptr;
}

class LinesReader {
 public:
  LinesReader(const crypto::Sha256Digest& root, const ProvenanceSigners& signers)
      : root_(root),
        publishers_(signers.publishers.begin(), signers.publishers.end()),
        publishers_and_builders_(publishers_) {
    publishers_and_builders_.insert(publishers_and_builders_.end(), signers.builders.begin(),
                                    signers.builders.end());
  }

  Result<void> read(std::string_view envelope) {
    if (++count_ > kMaxProvenanceStatements)
      return refuse("PROV-SIZE", "more statements than a provenance may have");
    VEDETTE_TRY(const std::string type, claimed_type(envelope));
    const Part* part = part_of(type);
    const InTotoKind kind = part == nullptr ? kind_of(type, "statement") : part->kind;
    VEDETTE_TRY(const VerifiedInToto proven, verify_in_toto(envelope, kind, believed_about(part)));
    if (proven.statement.model_root != root_)
      return refuse("PROV-ROOT", "a statement is about another model",
                    type.substr(0, 80) + ": " + to_hex(proven.statement.model_root));
    if (part == nullptr) {
      ++result_.others;
      return {};
    }
    if (part->write(result_.provenance))
      return refuse("PROV-TWICE", "one part is there twice: which of them counts?", type,
                    "take the line out that counts no more");
    result_.parts.push_back({part->name, proven.signer.spki_sha256()});
    return part->read(proven.statement.predicate, result_.provenance);
  }

  [[nodiscard]] VerifiedProvenance take() { return std::move(result_); }

 private:
  // A builder knows what was built, not what the model is worth.
  [[nodiscard]] std::span<const crypto::PublicKey> believed_about(const Part* part) const {
    const bool builders = part == nullptr || part->name == "build";
    return builders ? publishers_and_builders_ : publishers_;
  }

  const crypto::Sha256Digest& root_;
  std::vector<crypto::PublicKey> publishers_;
  std::vector<crypto::PublicKey> publishers_and_builders_;
  VerifiedProvenance result_;
  std::size_t count_ = 0;
};

}  // namespace

Result<std::string> sign_provenance(const Provenance& provenance, const std::string& model,
                                    const crypto::Sha256Digest& model_root,
                                    const crypto::PrivateKey& key) {
  std::string lines;
  for (const Part& part : kParts) {
    auto predicate = part.write(provenance);
    if (!predicate) continue;
    VEDETTE_TRY(
        const SignedInToto made,
        sign_in_toto({.model = model, .model_root = model_root, .predicate = *std::move(predicate)},
                     part.kind, key));
    lines += made.envelope + "\n";
  }
  return lines;
}

Result<VerifiedProvenance> verify_provenance(std::string_view lines,
                                             const crypto::Sha256Digest& model_root,
                                             const ProvenanceSigners& signers) {
  if (lines.size() > kMaxProvenanceBytes)
    return refuse("PROV-SIZE", "a provenance has at most 4 MiB", std::to_string(lines.size()));
  LinesReader reader(model_root, signers);
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (end > 0) VEDETTE_CHECK(reader.read(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  VerifiedProvenance result = reader.take();
  if (result.parts.empty())
    return refuse("PROV-STATEMENT",
                  "no statement of this provenance is of a kind that is read here",
                  std::to_string(result.others) + " of other kinds");
  VEDETTE_CHECK(check_whole(result.provenance));
  return result;
}

Result<void> check_builder(const VerifiedProvenance& provenance,
                           std::span<const NamedBuilder> names) {
  const auto build = std::ranges::find(provenance.parts, "build", &SignedPart::part);
  if (build == provenance.parts.end()) return {};
  const std::string& said = provenance.provenance.build->builder;
  const auto of_key = [&](const NamedBuilder& one) { return one.key == build->signer; };
  const auto is_said = [&](const NamedBuilder& one) { return of_key(one) && one.id == said; };
  if (std::ranges::none_of(names, of_key) || std::ranges::any_of(names, is_said)) return {};
  return refuse("PROV-BUILDER", "the build was signed by another builder's key",
                "the key " + to_hex(build->signer) + " says " + said.substr(0, 200),
                "name the key for it by --builder ID=FILE, if it is that builder's");
}

Result<void> require_parts(const VerifiedProvenance& provenance,
                           std::span<const std::string> parts) {
  for (const std::string& part : parts)
    if (std::ranges::find(provenance.parts, part, &SignedPart::part) == provenance.parts.end())
      return refuse("PROV-MISSING", "the provenance lacks a part that is asked for", part,
                    "nobody signed it, or somebody left it out on the way");
  return {};
}

}  // namespace vedette::release
