# mega_embed(<target> <symbol> <file>): puts the bytes of <file> into <target> as the C symbols `<symbol>` (first byte)
# and `<symbol>_end` (one past the last). The object is made anew when the file changes.
function(mega_embed target symbol file)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.S)
    file(WRITE ${source}.new
        ".section .rodata\n.balign 16\n.global ${symbol}\n.global ${symbol}_end\n${symbol}:\n.incbin \"${file}\"\n${symbol}_end:\n.byte 0\n"
        ".section .note.GNU-stack,\"\",%progbits\n")
    file(COPY_FILE ${source}.new ${source} ONLY_IF_DIFFERENT)
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
    target_sources(${target} PRIVATE ${source})
endfunction()
