function refused(identifier, words, action)
%REFUSED  Fails unless an action raises an error of this identifier with these words in it.
    try
        action();
    catch problem
        assert(strcmp(problem.identifier, identifier), [problem.identifier ': ' problem.message]);
        assert(~isempty(strfind(problem.message, words)), problem.message);
        return
    end
    error('nothing was refused where ''%s'' should have been', words);
end
