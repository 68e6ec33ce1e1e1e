function found = model(run)
%MODEL  What a run has learned (docs/model-format.md).
%
%   M = ilqrvae.model(RUN) gives a struct; M.values has the parameters as the model uses them, with underscores for what names cannot hold:
%   M.values.dynamics_A, M.values.likelihood_spikes_C.
    if isstruct(run)
        run = run.path;
    end
    file = [tempname() '.mat'];
    cleanup = onCleanup(@() delete(file));
    ilqrvae.call('export', run, 'output', file);
    found = load(file);
end
