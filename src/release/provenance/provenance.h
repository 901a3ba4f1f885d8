// Where a model comes from: how it was built (SLSA), of what data, from which other model, and how
// it was judged. Each is an in-toto statement of its own about the model's root digest, so that
// each can be made where it is known; together they are lines of one file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::release {

inline constexpr std::size_t kMaxProvenanceBytes = 4 << 20;  // of a file
inline constexpr std::size_t kMaxProvenanceStatements = 64;  // lines of it
inline constexpr std::size_t kMaxProvenanceEntries = 256;    // of any one list
inline constexpr std::size_t kMaxProvenanceText = 1024;      // octets of any one text

// A thing that went into the build (in-toto ResourceDescriptor v1).
struct Dependency {
  std::string uri;
  std::optional<crypto::Sha256Digest> sha256{};

  friend bool operator==(const Dependency&, const Dependency&) = default;
};

// SLSA provenance v1: buildDefinition and runDetails.
struct Build {
  std::string type;                                // a URI that says how to read `parameters`
  std::string builder;                             // a URI: who is trusted to have built like this
  std::string invocation{};                        // names this run to its builder; may be empty
  codec::Json parameters = codec::Json::Object{};  // externalParameters
  std::vector<Dependency> dependencies{};
  std::optional<TimePoint> started{};  // whole seconds
  std::optional<TimePoint> finished{};

  friend bool operator==(const Build&, const Build&) = default;
};

// Data by its fingerprint (release/provenance/dataset_fingerprint.h).
struct Dataset {
  std::string name;
  std::string split;    // e.g. `train`
  std::string licence;  // an SPDX expression
  crypto::Sha256Digest root{};
  std::uint64_t records = 0;  // at least 1

  friend bool operator==(const Dataset&, const Dataset&) = default;
};

struct Lineage {
  std::string base{};  // the name of the model that this one was made from; empty: from none
  std::optional<crypto::Sha256Digest> base_root{};
  std::string method{};                                 // e.g. `fine-tuning`, `int8 quantisation`
  std::optional<crypto::Sha256Digest> recipe_sha256{};  // of what the method was done by

  friend bool operator==(const Lineage&, const Lineage&) = default;
};

struct Evaluation {
  std::string metric;  // e.g. `f1`
  double value = 0;
  crypto::Sha256Digest dataset_root{};  // it was measured on
  std::optional<double> minimum{};      // below which the model must not be used in the field

  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

struct Provenance {
  std::optional<Build> build{};
  std::vector<Dataset> datasets{};
  std::optional<Lineage> lineage{};
  std::vector<Evaluation> evaluations{};

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

// As an author writes it (docs/provenance.md). Refuses PROV-MEMBER, naming the member: unknown, of
// another kind, out of its range; an evaluation on data that is not among the datasets; one below
// its own minimum; nothing at all.
[[nodiscard]] Result<Provenance> read_provenance(const codec::Json& members);

// A statement for each part that is there: DSSE envelopes, one a line (the in-toto bundle). Refuses
// what the key refuses.
[[nodiscard]] Result<std::string> sign_provenance(const Provenance& provenance,
                                                  const std::string& model,
                                                  const crypto::Sha256Digest& model_root,
                                                  const crypto::PrivateKey& key);

// Who is believed about what.
struct ProvenanceSigners {
  std::span<const crypto::PublicKey> publishers;  // about everything
  std::span<const crypto::PublicKey> builders{};  // about the build, and what is not read here
};

struct SignedPart {
  std::string_view part;          // `build`, `datasets`, `lineage` or `evaluations`
  crypto::Sha256Digest signer{};  // of the SubjectPublicKeyInfo
};

struct VerifiedProvenance {
  Provenance provenance;
  std::vector<SignedPart> parts;  // those that are there, in the order of the lines; at least one
  std::size_t others = 0;         // statements of kinds that are not read here
};

// Octets as received. Every line must be signed by somebody who is believed about it, and be about
// `model_root`; each part may be there once, and one must. Refuses PROV-SIZE, PROV-TWICE,
// PROV-ROOT, PROV-STATEMENT (no such statement), JSON-*, the codes of verify_dsse, and PROV-MEMBER.
// Of SLSA provenance, which others make too, members that are not known are skipped, as its
// specification demands.
//
// Whoever carries the lines can leave some out: see require_parts.
[[nodiscard]] Result<VerifiedProvenance> verify_provenance(std::string_view lines,
                                                           const crypto::Sha256Digest& model_root,
                                                           const ProvenanceSigners& signers);

// A key, and what the builder that has it may call itself.
struct NamedBuilder {
  crypto::Sha256Digest key{};  // SHA-256 of its SubjectPublicKeyInfo
  std::string id;              // a URI
};

// Which builder it was is the word of whoever signed the build. Refuses PROV-BUILDER where a key of
// `names` signed it by a name that is none of that key's; of other keys any name is taken.
[[nodiscard]] Result<void> check_builder(const VerifiedProvenance& provenance,
                                         std::span<const NamedBuilder> names);

// Refuses PROV-MISSING unless each of `parts` is there, by the names above.
[[nodiscard]] Result<void> require_parts(const VerifiedProvenance& provenance,
                                         std::span<const std::string> parts);

}  // namespace vedette::release
