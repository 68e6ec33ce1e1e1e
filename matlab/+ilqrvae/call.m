function [result, remarks] = call(command, varargin)
%CALL  Runs a command of the program ilqr-vae and gives what it says, as a struct.
%
%   RESULT = ilqrvae.call('inspect', 'data.h5') runs 'ilqr-vae inspect data.h5 --json'. Texts before the first name are arguments; names and values are
%   options, with underscores for hyphens:
%
%       ilqrvae.call('import', 'session.nwb', 'output', 'data.h5', 'bin_width', 0.02, 'window', [-0.25 0.45])
%
%   Arguments and options are told apart by the command's number of arguments: give them as a cell where there are several,
%   ilqrvae.call('import', {'a.nwb', 'b.nwb'}, 'output', 'data.h5', ...).
%
%   A value of true is an option alone, false and [] leave it out; cells are given several times, two numbers are a range, and the fields of a struct are
%   NAME=VALUE.
%
%   The program is the one that the environment variable ILQR_VAE_PROGRAM names (a program, or an ilqr-vae.dll, which dotnet runs), or ilqr-vae on the path.
%
%   [RESULT, REMARKS] = ... gives what it remarked on too, as one text. Errors have the identifiers ilqrvae:InputError (something given is wrong),
%   ilqrvae:RunFailed and ilqrvae:Interrupted, and the words of the program.

    words_of_command = {};
    if ~isempty(varargin)
        first = varargin{1};
        if iscell(first)
            words_of_command = first(:)';
        elseif ~isempty(first)
            words_of_command = {first};
        end
    end
    words = [ilqrvae.private_program(), {command}, words_of_command, ilqrvae.private_options(varargin(2:end)), {'--json'}];
    words = cellfun(@ilqrvae.private_quoted, words, 'UniformOutput', false);
    printed = [tempname() '.json'];
    cleanup = onCleanup(@() remove(printed));
    % What it remarks on comes back as the output, what it prints goes to a file.
    line = [strjoin(words, ' ') ' 2>&1 >' ilqrvae.private_quoted(printed)];
    is_matlab = exist('OCTAVE_VERSION', 'builtin') == 0;
    if is_matlab && isunix()
        % MATLAB's own libraries are not for other programs.
        line = ['env -u LD_LIBRARY_PATH ' line];
    end
    if is_matlab
        [code, remarks] = system(line, '-echo');
    else
        [code, remarks] = system(line);
    end
    said = regexp(strtrim(remarks), '\r?\n', 'split');
    switch code
        case 0
            result = jsondecode(fileread(printed));
        case 2
            error('ilqrvae:InputError', '%s', said{end});
        case 130
            error('ilqrvae:Interrupted', '%s', said{end});
        otherwise
            error('ilqrvae:RunFailed', '%s', said{end});
    end
end

function remove(file)
    if exist(file, 'file')
        delete(file);
    end
end
