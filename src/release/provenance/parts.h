// The parts of a provenance as members of JSON objects. Internal to release/provenance.
#pragma once

#include "release/provenance/provenance.h"

namespace vedette::release {

// Each refuses PROV-MEMBER. The predicates of our own kinds hold the very members that an author
// writes; SLSA's are its own.
[[nodiscard]] Result<Build> read_build(const codec::Json& members);
[[nodiscard]] Result<std::vector<Dataset>> read_datasets(const codec::Json& holder);
[[nodiscard]] Result<Lineage> read_lineage(const codec::Json& members);
[[nodiscard]] Result<std::vector<Evaluation>> read_evaluations(const codec::Json& holder);

[[nodiscard]] codec::Json write_datasets(const std::vector<Dataset>& datasets);
[[nodiscard]] codec::Json write_lineage(const Lineage& lineage);
[[nodiscard]] codec::Json write_evaluations(const std::vector<Evaluation>& evaluations);

// The predicate of `https://slsa.dev/provenance/v1`. What is read may have members that we do not
// know, at every depth; what SLSA demands must be there.
[[nodiscard]] codec::Json write_slsa(const Build& build);
[[nodiscard]] Result<Build> read_slsa(const codec::Json& predicate);

// Whether the parts fit each other: PROV-MEMBER.
[[nodiscard]] Result<void> check_whole(const Provenance& provenance);

// One line of at most kMaxProvenanceText octets: so that what is shown of it is one line, too.
[[nodiscard]] bool is_plain_text(std::string_view text);

[[nodiscard]] std::unexpected<Error> bad_member(std::string_view name, std::string_view wanted);

}  // namespace vedette::release
