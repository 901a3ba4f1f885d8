// Fetching a transparency log from a server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/operator_client.h"
#include "ledger/signed_note.h"

namespace vedette::cli {

// How many entries one request asks for: as many of the longest fit into one answer.
inline constexpr std::uint64_t kPageEntries = 128;

// The log's key, from a file that holds it or as the text itself. Refuses NOTE-KEY, FILE-*.
[[nodiscard]] Result<ledger::NoteVerifier> read_vkey(const std::string& file_or_text);

// The signed note, unverified.
[[nodiscard]] Result<std::string> fetch_checkpoint(OperatorClient& client);

// Gives every entry of [start, end) to `each`, in order and page by page; `at` says how far it is.
// Refuses LOG-INCOMPLETE when the server has fewer.
[[nodiscard]] Result<void> fetch_entries(OperatorClient& client, std::uint64_t start,
                                         std::uint64_t end,
                                         const std::function<Result<void>(ByteView)>& each,
                                         const std::function<void(std::uint64_t)>& at);

}  // namespace vedette::cli
