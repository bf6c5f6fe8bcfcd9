// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/entity.hpp>
#include <kin/reference.hpp>
#include <kin/types/decimal.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// A part of Chinook, a database that others made: all names are given.
namespace chinook {

struct Album;
struct Customer;
struct Playlist;
struct Track;

struct Artist {
  std::int64_t id{};
  std::optional<std::string> name{};
  kin::Collection<Album> albums{};
};
struct Album {
  std::int64_t id{};
  std::string title{};
  kin::Ref<Artist> artist{};
  kin::Collection<Track> tracks{};
};
struct Track {
  std::int64_t id{};
  std::string name{};
  kin::Ref<Album> album{};
  std::optional<std::int64_t> bytes{};
  kin::Decimal unit_price{};
  kin::Collection<Playlist> playlists{};
};
struct Playlist {
  std::int64_t id{};
  std::optional<std::string> name{};
  kin::Collection<Track> tracks{};
};
struct Employee {
  std::int64_t id{};
  std::string last_name{};
  kin::Ref<Employee> reports_to{};
  kin::Collection<Employee> reports{};
};
struct Customer {
  std::int64_t id{};
  std::string email{};
  std::chrono::sys_seconds joined{};
  kin::Ref<Employee> support_rep{};
};

inline void describe(kin::Schema<Artist>& artist) {
  artist.table("Artist");
  artist.on<&Artist::id>(kin::column_name("ArtistId"));
  artist.on<&Artist::name>(kin::column_name("Name"));
  artist.on<&Artist::albums>(kin::mapped_by<&Album::artist>);
}
inline void describe(kin::Schema<Album>& album) {
  album.table("Album");
  album.on<&Album::id>(kin::column_name("AlbumId"));
  album.on<&Album::title>(kin::column_name("Title"));
  album.on<&Album::artist>(kin::column_name("ArtistId"), kin::nullable(false));
  album.on<&Album::tracks>(kin::mapped_by<&Track::album>);
}
inline void describe(kin::Schema<Track>& track) {
  track.table("Track");
  track.on<&Track::id>(kin::column_name("TrackId"));
  track.on<&Track::name>(kin::column_name("Name"));
  track.on<&Track::album>(kin::column_name("AlbumId"), kin::nullable(true));
  track.on<&Track::bytes>(kin::column_name("Bytes"));
  track.on<&Track::unit_price>(kin::column_name("UnitPrice"), kin::precision(10, 2));
  track.on<&Track::playlists>(kin::mapped_by<&Playlist::tracks>);
}
inline void describe(kin::Schema<Playlist>& playlist) {
  playlist.table("Playlist");
  playlist.on<&Playlist::id>(kin::column_name("PlaylistId"));
  playlist.on<&Playlist::name>(kin::column_name("Name"));
  playlist.on<&Playlist::tracks>(kin::pivot_table("PlaylistTrack"), kin::join_column("PlaylistId"),
                                 kin::inverse_join_column("TrackId"));
}
inline void describe(kin::Schema<Employee>& employee) {
  employee.table("Employee");
  employee.on<&Employee::id>(kin::column_name("EmployeeId"));
  employee.on<&Employee::last_name>(kin::column_name("LastName"));
  employee.on<&Employee::reports_to>(kin::column_name("ReportsTo"), kin::nullable(true));
  employee.on<&Employee::reports>(kin::mapped_by<&Employee::reports_to>);
}
inline void describe(kin::Schema<Customer>& customer) {
  customer.table("Customer");
  customer.on<&Customer::id>(kin::column_name("CustomerId"));
  customer.on<&Customer::email>(kin::column_name("Email"));
  customer.on<&Customer::joined>(kin::column_name("Joined"));
  customer.on<&Customer::support_rep>(kin::column_name("SupportRepId"), kin::nullable(true));
}

}  // namespace chinook
