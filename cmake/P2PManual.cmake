# Manual pages, completion and the node's configuration file, made by what they are of: section 3 out
# of the public headers, the rest by the program. Not when cross compiling: the program must run here.
if(CMAKE_CROSSCOMPILING OR P2P_SANITIZE)
  return()
endif()
find_package(Python3 COMPONENTS Interpreter)
set(p2p_share ${PROJECT_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${p2p_share}/man/man1 ${p2p_share}/man/man3 ${p2p_share}/completion)

add_custom_command(OUTPUT ${p2p_share}/man1.stamp
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${p2p_share}/man/man1 ${p2p_share}/completion
  COMMAND ${CMAKE_COMMAND} -E make_directory ${p2p_share}/man/man1 ${p2p_share}/completion
  COMMAND p2p_app help --man-dir ${p2p_share}/man/man1
  COMMAND p2p_app completion bash > ${p2p_share}/completion/p2p
  COMMAND p2p_app completion zsh > ${p2p_share}/completion/_p2p
  COMMAND p2p_app config > ${p2p_share}/node.conf
  COMMAND ${CMAKE_COMMAND} -E touch ${p2p_share}/man1.stamp
  DEPENDS p2p_app VERBATIM)
set(p2p_stamps ${p2p_share}/man1.stamp)
install(DIRECTORY ${p2p_share}/man/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
install(FILES ${p2p_share}/completion/p2p COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${p2p_share}/completion/_p2p COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)

if(Python3_FOUND)
  file(GLOB p2p_sources CONFIGURE_DEPENDS include/p2p/*.h scripts/api/*.py scripts/api/*.in)
  add_custom_command(OUTPUT ${p2p_share}/man3.stamp
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/scripts/api/man.py
            ${PROJECT_SOURCE_DIR}/include/p2p ${p2p_share}/man/man3
    COMMAND ${CMAKE_COMMAND} -E touch ${p2p_share}/man3.stamp
    DEPENDS ${p2p_sources} VERBATIM)
  list(APPEND p2p_stamps ${p2p_share}/man3.stamp)
  install(DIRECTORY ${p2p_share}/man/man3 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT development)
endif()
add_custom_target(p2p_manual ALL DEPENDS ${p2p_stamps})
