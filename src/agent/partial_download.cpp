#include "agent/partial_download.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "platform/net/byte_range.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

// Only the way to the server failed: what came before it is as good as it was.
bool is_break(const Error& error) {
  constexpr std::array<std::string_view, 4> kBreaks{"NET-CLOSED", "NET-TIMEOUT", "NET-UNREACHABLE",
                                                    "NET-TLS"};
  return std::ranges::find(kBreaks, error.code) != kBreaks.end();
}

}  // namespace

Result<inference::SealedModel> PartialDownload::complete(platform::HttpClient& client,
                                                         const std::string& ear,
                                                         const WantedFile& wanted,
                                                         std::uint64_t max_bytes) {
  VEDETTE_CHECK(begin(wanted, max_bytes));
  const Result<void> all = receive(client, ear, wanted);
  if (!all && is_break(all.error())) return std::unexpected(all.error());
  Begun ended = *std::exchange(begun_, std::nullopt);
  VEDETTE_CHECK(all);
  VEDETTE_CHECK(ended.verifier.finish());
  return std::move(ended.memory).seal();
}

Result<void> PartialDownload::begin(const WantedFile& wanted, std::uint64_t max_bytes) {
  if (begun_ && begun_->sha256 == wanted.sha256) return {};
  drop();
  VEDETTE_TRY(auto memory, inference::ModelWriter::create(max_bytes));
  begun_.emplace(Begun{wanted.sha256, {wanted.sha256, wanted.size}, std::move(memory)});
  return {};
}

// A break may have come after the last octet.
Result<void> PartialDownload::receive(platform::HttpClient& client, const std::string& ear,
                                      const WantedFile& wanted) {
  if (received() == wanted.size) return {};
  auto request = platform::get_request(wanted.target, ear);
  if (received() > 0) platform::ask_from(request, received(), to_hex(wanted.sha256));
  const auto sink = [this](ByteView piece) -> Result<void> {
    VEDETTE_CHECK(begun_->verifier.update(piece));
    return begun_->memory.append(piece);
  };
  VEDETTE_TRY(auto response, client.download(request, sink));
  VEDETTE_CHECK(platform::expect_success(std::move(response)));
  return {};
}

std::uint64_t PartialDownload::received() const {
  return begun_ ? begun_->verifier.received() : 0;
}

}  // namespace vedette::agent
