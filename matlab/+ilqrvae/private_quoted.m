function word = private_quoted(word)
%PRIVATE_QUOTED  A word as the shell takes it.
    word = char(word);
    if ispc()
        word = ['"' strrep(word, '"', '\"') '"'];
    else
        word = ['''' strrep(word, '''', '''\''''') ''''];
    end
end
