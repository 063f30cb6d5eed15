# libp2p.a and libp2p.so out of the same objects, their headers and a pkg-config file.
add_library(p2p_static STATIC $<TARGET_OBJECTS:p2p_core> $<TARGET_OBJECTS:p2p_io_uv>)
set(p2p_libraries p2p_static)
if(P2P_SHARED)
  add_library(p2p_shared SHARED $<TARGET_OBJECTS:p2p_core> $<TARGET_OBJECTS:p2p_io_uv>)
  set_target_properties(p2p_shared PROPERTIES VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR})
  if(NOT P2P_SANITIZE AND NOT APPLE)
    target_link_options(p2p_shared PRIVATE -Wl,-z,defs)
  endif()
  list(APPEND p2p_libraries p2p_shared)
endif()

set(p2p_needs p2p_backends PkgConfig::LIBUV Threads::Threads)
set(P2P_PC_PRIVATE "${P2P_BACKEND_PC} libuv")
foreach(library IN LISTS p2p_libraries)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME p2p LINKER_LANGUAGE C)
  target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/include)
endforeach()
target_link_libraries(p2p_static PUBLIC ${p2p_needs})
if(P2P_SHARED)
  target_link_libraries(p2p_shared PRIVATE ${p2p_needs})
endif()

configure_file(${PROJECT_SOURCE_DIR}/cmake/libp2p.pc.in ${PROJECT_BINARY_DIR}/libp2p.pc @ONLY)
install(TARGETS ${p2p_libraries} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
                                 LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/p2p DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/libp2p.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
