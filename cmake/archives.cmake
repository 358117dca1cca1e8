# Lets a program contain the libraries that it uses, so that none has to be found, mapped and
# relocated each time when it starts. Where there is no archive, the shared library is used.

# hotline_or_archive(OUT LIBRARY NEEDS...): what links the archive of `library`, a shared library,
# and the archives that it needs, into targets with the property HOTLINE_LINKS_ARCHIVES, and
# `library` into others.
function(hotline_or_archive out library)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
  get_filename_component(folder "${library}" DIRECTORY)
  list(TRANSFORM ARGN PREPEND ${folder}/ OUTPUT_VARIABLE needs)
  set(result ${library})
  set(wanted "$<BOOL:$<TARGET_PROPERTY:HOTLINE_LINKS_ARCHIVES>>")
  if(NOT archive STREQUAL library)
    set(result "$<$<NOT:${wanted}>:${library}>")
    foreach(each ${archive} ${needs})
      list(APPEND result "$<${wanted}:${each}>")
      if(NOT EXISTS ${each})
        set(result ${library})
        break()
      endif()
    endforeach()
  endif()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# hotline_allow_archives(TARGET NEEDS...): the same for the libraries of a target of
# pkg_check_modules.
function(hotline_allow_archives target)
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  set(all)
  foreach(library ${libraries})
    hotline_or_archive(result ${library} ${ARGN})
    list(APPEND all ${result})
  endforeach()
  set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${all}")
endfunction()
