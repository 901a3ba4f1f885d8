#include "cli/log_client.h"

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "cli/log_check.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxKeyBytes = 4096;

}  // namespace

Result<ledger::NoteVerifier> read_vkey(const std::string& file_or_text) {
  std::error_code error;
  std::string text = file_or_text;
  if (std::filesystem::is_regular_file(file_or_text, error)) {
    VEDETTE_TRY(const Bytes content, read_file(file_or_text, kMaxKeyBytes));
    text = as_text(content);
    while (text.ends_with('\n') || text.ends_with('\r'))
      text.pop_back();
  }
  auto verifier = ledger::NoteVerifier::parse(text);
  if (verifier) return verifier;
  Error refusal = std::move(verifier).error();
  refusal.hint = "give the log's key, <name>+<8 hex digits>+<base64>, or a file that holds it";
  return std::unexpected(std::move(refusal));
}

Result<std::string> fetch_checkpoint(OperatorClient& client) {
  auto note = client.get_text("/v1/log/checkpoint");
  if (note || note.error().code != "HTTP-NOT-FOUND") return note;
  Error refusal = std::move(note).error();
  refusal.hint = "the first decision, e.g. 'vedette device allow', is the log's first entry";
  return std::unexpected(std::move(refusal));
}

Result<void> fetch_entries(OperatorClient& client, std::uint64_t start, std::uint64_t end,
                           const std::function<Result<void>(ByteView)>& each,
                           const std::function<void(std::uint64_t)>& at) {
  for (std::uint64_t next = start; next < end;) {
    const std::uint64_t count = std::min(kPageEntries, end - next);
    VEDETTE_TRY(const codec::Json answer,
                client.get("/v1/log/entries?start=" + std::to_string(next) +
                           "&count=" + std::to_string(count)));
    VEDETTE_TRY(const std::vector<Bytes> entries, read_entry_octets(answer));
    if (entries.size() > count)
      return refuse("HTTP-ANSWER", "the server answered with more entries than were asked for");
    if (entries.empty())
      return refuse("LOG-INCOMPLETE", "the server keeps entries of its log back",
                    "it has no entry " + std::to_string(next) + " of " + std::to_string(end));
    for (const Bytes& entry : entries)
      VEDETTE_CHECK(each(entry));
    next += entries.size();
    at(next);
  }
  return {};
}

}  // namespace vedette::cli
