// UEFI_VARIABLE_DATA and the signature databases in it (PFP, "Measuring UEFI Variables"; UEFI
// Specification, 32.4.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::attestation {

inline constexpr std::string_view kGlobalVariable = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
inline constexpr std::string_view kImageSecurity = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
inline constexpr std::string_view kShimLock = "605dab50-e046-4300-abb6-3dd810dd8b23";

struct EfiVariable {
  std::string vendor;  // GUID
  std::string name;    // UTF-8
  ByteView value;      // borrowed

  [[nodiscard]] bool is(std::string_view vendor_guid, std::string_view variable_name) const {
    return vendor == vendor_guid && name == variable_name;
  }
};

// Refuses ATT-LOG-VARIABLE: lengths beyond the data, a name that is not text. Old shims leave a
// few octets behind the value; more than eight are refused too.
[[nodiscard]] Result<EfiVariable> parse_efi_variable(ByteView data);

// The signatures (hashes, certificates) in a sequence of EFI_SIGNATURE_LIST, such as db.
// ATT-LOG-VARIABLE.
[[nodiscard]] Result<std::size_t> count_signatures(ByteView database);

// BootOrder. ATT-LOG-VARIABLE for odd octets.
[[nodiscard]] Result<std::vector<std::uint16_t>> parse_boot_order(ByteView value);

// The description of an EFI_LOAD_OPTION (Boot####). ATT-LOG-VARIABLE.
[[nodiscard]] Result<std::string> boot_option_description(ByteView value);

}  // namespace vedette::attestation
