// Short names for the parts of Asio that this folder uses. Never included from a contract header.
#pragma once

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace vedette::platform::net {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
// NOLINTBEGIN(readability-identifier-naming): as Asio spells them
using tcp = boost::asio::ip::tcp;
using stream = boost::asio::generic::stream_protocol;  // TCP, or a Unix socket
// NOLINTEND(readability-identifier-naming)
using SteadyTime = std::chrono::steady_clock::time_point;

// Completes with (error_code, ...) as a tuple: an error on the wire is a value, not an exception.
inline constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace vedette::platform::net
