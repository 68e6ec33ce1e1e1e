function words = private_program()
%PRIVATE_PROGRAM  The words that a command line begins with.
    named = getenv('ILQR_VAE_PROGRAM');
    if isempty(named)
        words = {'ilqr-vae'};
    elseif exist(named, 'file') ~= 2
        error('ilqrvae:ProgramNotFound', 'ILQR_VAE_PROGRAM names ''%s'', where there is no file; give the path of ilqr-vae or ilqr-vae.dll.', named);
    elseif numel(named) > 4 && strcmpi(named(end-3:end), '.dll')
        words = {'dotnet', named};
    else
        words = {named};
    end
end
