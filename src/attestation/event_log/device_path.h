// The image that an EV_EFI_BOOT_SERVICES_APPLICATION (or driver) describes.
#pragma once

#include <string>

#include "base/bytes.h"

namespace vedette::attestation {

// Where the UEFI_IMAGE_LOAD_EVENT says that the image came from: "\EFI\debian\shimx64.efi", the
// GUID of a file in firmware, "PCI option ROM", or "" if it says nothing that we can read. No
// digest covers it. Not escaped.
[[nodiscard]] std::string image_path(ByteView image_load_event);

}  // namespace vedette::attestation
