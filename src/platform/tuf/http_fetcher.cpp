#include "platform/tuf/http_fetcher.h"

#include <charconv>
#include <optional>

namespace vedette::platform {

namespace {

using release::tuf::Sink;

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";
constexpr std::size_t kMaxErrorPage = std::size_t{64} * 1024;

std::unexpected<Error> bad_url(std::string_view url) {
  return refuse("TUF-URL", "this is not the URL of a repository", std::string(url.substr(0, 200)),
                "use http:// or https://, a host, perhaps a port, and a path");
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// scheme://host[:port], an IPv6 address in brackets.
Result<HttpClientSettings> settings_of(std::string_view origin) {
  HttpClientSettings settings;
  settings.plain = origin.starts_with(kPlain);
  std::string_view authority = origin.substr(settings.plain ? kPlain.size() : kSecure.size());
  settings.port = settings.plain ? 80 : 443;
  settings.max_body_bytes = kMaxErrorPage;
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const auto port = port_of(authority.substr(colon + 1));
    if (!port) return bad_url(origin);
    settings.port = *port;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.find_first_of("@[]") != std::string_view::npos)
    return bad_url(origin);
  settings.host = authority;
  return settings;
}

}  // namespace

Result<HttpClient*> HttpFetcher::client_for(const std::string& url, std::size_t path_at) {
  const std::string origin = url.substr(0, path_at);
  if (client_ == nullptr || origin != origin_) {
    VEDETTE_TRY(HttpClientSettings settings, settings_of(origin));
    settings.roots = roots_;
    VEDETTE_TRY(client_, http_.connect(settings));
    origin_ = origin;
  }
  return client_.get();
}

Result<void> HttpFetcher::fetch(const std::string& url, std::chrono::seconds within,
                                const Sink& sink) {
  const bool secure = url.starts_with(kSecure);
  if (!secure && !url.starts_with(kPlain)) return bad_url(url);
  const std::size_t path_at = url.find('/', (secure ? kSecure : kPlain).size());
  if (path_at == std::string::npos) return bad_url(url);
  VEDETTE_TRY(HttpClient * client, client_for(url, path_at));

  // The client bounds the time of each 64 KiB, down to nothing at all; this bounds the whole.
  const auto end = std::chrono::steady_clock::now() + within;
  const auto in_time = [&](ByteView piece) -> Result<void> {
    if (std::chrono::steady_clock::now() > end)
      return refuse("TUF-SLOW", "the repository sends too slowly", url.substr(0, 200));
    return sink(piece);
  };
  HttpRequest request;
  request.method = "GET";
  request.target = url.substr(path_at);
  VEDETTE_TRY(const HttpResponse response, client->download(request, in_time));
  if (response.status == 200) return {};
  const std::string answer = url.substr(0, 200) + ": status " + std::to_string(response.status);
  if (response.status == 403 || response.status == 404)
    return refuse("TUF-NOT-FOUND", "the repository has no such file", answer);
  return refuse("TUF-STATUS", "the repository's server does not give the file", answer);
}

}  // namespace vedette::platform
