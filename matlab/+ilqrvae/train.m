function run = train(data, configuration, varargin)
%TRAIN  Trains a model.
%
%   RUN = ilqrvae.train(FILE, CONFIGURATION) trains a model of a dataset (see ilqrvae.recording). CONFIGURATION is the path of a YAML file or a struct with the
%   keys of docs/configuration.md, underscores for hyphens; lists are cells:
%
%       c.model = struct('states', 8, 'inputs', 2, 'dynamics', struct('kind', 'linear'));
%       c.training = struct('iterations', 500, 'learning_rate', 0.01, 'hide', {{struct('kind', 'channels')}});
%       run = ilqrvae.train('data.h5', c, 'output', 'run');
%
%   Names and values are options of 'ilqr-vae train': 'output', 'seed', 'iterations', 'threads', 'force'. ilqrvae.train('', RUN.path, 'resume', true) goes on
%   with a training that was interrupted.
    file = configuration;
    if isstruct(configuration)
        configuration.data = absolute(data);
        % Keys have hyphens where fields have underscores; values keep theirs.
        text = hyphens(jsonencode(configuration));
        folder = tempname();
        mkdir(folder);
        cleanup = onCleanup(@() remove(folder));
        file = fullfile(folder, 'config.yaml');
        out = fopen(file, 'w');
        fwrite(out, text);
        fclose(out);
        if ~any(strcmp(varargin(1:2:end), 'output'))
            varargin = [varargin, {'output', 'run'}];
        end
    elseif ~isempty(data)
        varargin = [{'data', data}, varargin];
    end
    run.result = ilqrvae.call('train', file, varargin{:});
    run.path = run.result.run;
end

function text = hyphens(text)
    [first, last] = regexp(text, '"\w+":');
    for k = 1:numel(first)
        text(first(k):last(k)) = strrep(text(first(k):last(k)), '_', '-');
    end
end

function path = absolute(path)
    if isempty(regexp(path, '^([/\\]|[A-Za-z]:)', 'once'))
        path = fullfile(pwd(), path);
    end
end

function remove(folder)
    delete(fullfile(folder, '*'));
    rmdir(folder);
end
