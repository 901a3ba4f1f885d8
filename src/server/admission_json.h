// What an operator says of those who may enrol, as members of a request and of an answer.
#pragma once

#include <optional>

#include "base/error.h"
#include "codec/json.h"
#include "identity/device.h"

namespace vedette::server {

// `sku`; absent or null: none. Refuses JSON-MEMBER and NAME-FORMAT.
[[nodiscard]] Result<std::optional<SkuId>> sku_of(const codec::Json& body);

// `keys`: where device keys may live beside the TPM, which need not be named. Refuses JSON-MEMBER
// and DEV-KEY.
[[nodiscard]] Result<identity::KeyKinds> keys_of(const codec::Json& body);

// As `keys` would say it.
[[nodiscard]] codec::Json to_json(const identity::KeyKinds& keys);

}  // namespace vedette::server
