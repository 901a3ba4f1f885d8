// Between the manifest and the values that quotes are appraised against.
#pragma once

#include "attestation/corim/corim.h"
#include "attestation/reference_values.h"

namespace vedette::attestation::corim {

// One triple for each value of each register, since the values of a register are alternatives.
[[nodiscard]] std::vector<ReferenceTriple> register_triples(const Environment& environment,
                                                            const ReferenceValues& values);

// The SHA-256 and SHA-384 values of the registers 0 to 23 for exactly this environment. Refuses
//   CORIM-ABSENT     no reference triple is for it
//   CORIM-UNMAPPED   a triple for it says something else than such integrity registers, which
//                    an appraisal of registers cannot check; or several triples with several
//                    registers each, whose combinations would be lost
[[nodiscard]] Result<ReferenceValues> register_values(const Verified<Corim>& corim,
                                                      const Environment& environment);

}  // namespace vedette::attestation::corim
