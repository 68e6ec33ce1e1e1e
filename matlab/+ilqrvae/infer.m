function [trials, posterior] = infer(run, data, varargin)
%INFER  Finds inputs, states and rates with their uncertainty in each trial.
%
%   TRIALS = ilqrvae.infer(RUN, FILE) gives a struct array with an element a trial of the dataset:
%
%       name, split                  as in the dataset
%       converged, log_evidence      how the search went; log p(observations), in nats
%       states, states_deviation     bins x states: posterior means and standard deviations
%       inputs, inputs_deviation     bins x inputs; row t drives the step from bin t to t + 1, so the last is 0 with deviation NaN
%       GROUP                        for each group of channels a struct: mean, deviation, predictive_deviation (bins x channels), unit, hidden.
%                                    Rates of counts are in Hz, values in their unit.
%
%   RUN is what ilqrvae.fit or train gave, or the folder. Names and values are options of 'ilqr-vae infer': 'split', 'hide', 'draws', 'intervals', 'seed',
%   'threads'; 'output' keeps the file (.mat).
%
%   [TRIALS, POSTERIOR] = ... gives the whole file too (docs/posterior-format.md).

    [given, options] = ilqrvae.private_take({'output'}, varargin);
    file = given.output;
    if isempty(file)
        file = [tempname() '.mat'];
        cleanup = onCleanup(@() delete(file));
    end
    ilqrvae.call('infer', folder_of(run), 'data', data, 'output', file, options{:});
    posterior = load(file);
    about = jsondecode(posterior.attributes);
    groups = fieldnames(posterior.channels);
    count = numel(posterior.trials.bins);
    trials = struct('name', cell(1, count));
    for t = 1:count
        rows = double(posterior.trials.first_bin(t)) + (1:double(posterior.trials.bins(t)));
        trials(t).name = posterior.trials.name{t};
        trials(t).split = posterior.trials.split{t};
        trials(t).converged = logical(posterior.trials.converged(t));
        trials(t).log_evidence = posterior.trials.log_evidence(t);
        for quantity = {'states', 'inputs'}
            trials(t).(quantity{1}) = posterior.(quantity{1}).mean(rows, :);
            trials(t).([quantity{1} '_deviation']) = posterior.(quantity{1}).deviation(rows, :);
        end
        for g = 1:numel(groups)
            found = posterior.channels.(groups{g});
            one = struct('mean', found.mean(rows, :), 'deviation', found.deviation(rows, :), 'predictive_deviation', found.predictive_deviation(rows, :));
            [one.unit, one.hidden] = described(about, groups{g});
            trials(t).(groups{g}) = one;
        end
    end
end

function [unit, hidden] = described(about, group)
    % Names of fields that jsondecode makes of paths have no slashes or hyphens; what is left of letters and digits tells them apart.
    [unit, hidden] = deal('', false);
    paths = fieldnames(about);
    plain = @(name) regexprep(name, '[^A-Za-z0-9]', '');
    for k = 1:numel(paths)
        if strcmp(plain(paths{k}), plain(['channels' group 'mean']))
            if isfield(about.(paths{k}), 'unit')
                unit = about.(paths{k}).unit;
            end
            hidden = isfield(about.(paths{k}), 'hidden') && about.(paths{k}).hidden ~= 0;
        end
    end
end

function path = folder_of(run)
    if isstruct(run)
        path = run.path;
    else
        path = run;
    end
end
